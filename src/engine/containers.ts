import type {
  Attachment,
  AttachOptions,
  Containers,
  LogOptions,
  TerminalSize,
  WaitCondition,
} from '../api/engine.ts';
import {Conflict} from '../errors.ts';
import {containerInspect} from '../translate/container-answers.ts';
import type {ContainerRecord, ContainerState} from '../translate/container-record.ts';
import {createdState} from '../translate/container-record.ts';
import {objectName} from '../translate/labels.ts';
import {podForContainer} from '../translate/pod-for-container.ts';
import type {ContainerCreateRequest} from '../wire/container-create-request.ts';
import type {Filters} from '../wire/filters.ts';
import type {AgentPod} from './agent-pod.ts';
import type {ContainerIndex} from './container-index.ts';
import {Container} from './container.ts';
import type {EngineContext} from './context.ts';
import {type CreateOptions, createContainer} from './create-container.ts';
import {listContainers} from './list-containers.ts';
import {attachedOutput, containerLogs} from './output-streams.ts';
import type {PodPool} from './pod-pool.ts';
import {pruneContainers} from './prune-containers.ts';
import {removeAfterExit, removeContainer} from './remove-container.ts';
import {startContainer} from './start-container.ts';
import {killContainer, stopContainer} from './stop-container.ts';
import type {WarmPods} from './warm-pods.ts';

/** Docker's calls on containers: finds the one that is meant and hands it to the file that knows how. */
export class ContainerRegistry implements Containers {
  readonly #context: EngineContext;
  readonly #index: ContainerIndex;
  readonly #pool: PodPool;
  readonly #warmPods: WarmPods;
  readonly #making = new WeakMap<Container, Promise<AgentPod>>();

  constructor(rooms: {context: EngineContext; index: ContainerIndex; pool: PodPool; warmPods: WarmPods}) {
    this.#context = rooms.context;
    this.#index = rooms.index;
    this.#pool = rooms.pool;
    this.#warmPods = rooms.warmPods;
  }

  create(request: ContainerCreateRequest, options: CreateOptions): Promise<{Id: string; Warnings: string[]}> {
    return createContainer(request, options, {
      ...this.#rooms,
      warmPods: this.#warmPods,
      makeContainer: record => this.make(record, createdState),
    });
  }

  list(options: {all: boolean; limit: number | undefined; filters: Filters}) {
    return listContainers(this.#index, options, this.#context.now());
  }

  inspect(reference: string) {
    return containerInspect(this.#index.find(reference).view);
  }

  start(reference: string): Promise<void> {
    const container = this.#index.find(reference);
    return container.exclusively(async () => {
      try {
        await startContainer(container, this.#context, () => this.#ensureAgent(container));
      } catch (error) {
        if (container.autoRemove && !container.running && !container.removing)
          await this.#removeQuietly(container);
        throw error;
      }
    });
  }

  stop(reference: string, options: {signal: string | undefined; timeout: number | undefined}): Promise<void> {
    return stopContainer(this.#index.find(reference), options);
  }

  kill(reference: string, signal: string | undefined): Promise<void> {
    return killContainer(this.#index.find(reference), reference, signal);
  }

  remove(reference: string, {force}: {force: boolean; volumes: boolean}): Promise<void> {
    return removeContainer(
      this.#index.find(reference),
      {reference: reference.replace(/^\//, ''), force},
      this.#rooms,
    );
  }

  async resize(reference: string, {rows, columns}: TerminalSize): Promise<void> {
    const container = this.#index.find(reference);
    if (!container.running || !container.agent)
      throw new Conflict(`container ${container.id} is not running`);
    await container.agent.link.resize(rows, columns);
    container.emit('resize', {height: String(rows), width: String(columns)});
  }

  wait(reference: string, condition: WaitCondition, signal: AbortSignal) {
    return {exit: this.#index.find(reference).wait(condition, signal)};
  }

  async attach(reference: string, options: AttachOptions): Promise<Attachment> {
    const container = this.#index.find(reference);
    if (options.stream && !container.removing) await this.#ensureAgent(container);
    const {OpenStdin, StdinOnce, Tty} = container.record.request;
    container.emit('attach');
    return {
      tty: Tty,
      output: container.readers.add(attachedOutput(container, options)),
      stdin: options.stdin && OpenStdin ? container.agent?.link.stdin({closeOnEnd: StdinOnce}) : undefined,
    };
  }

  async logs(reference: string, options: LogOptions) {
    const container = this.#index.find(reference);
    return {
      tty: container.record.request.Tty,
      output: container.readers.add(containerLogs(container, options)),
    };
  }

  async prune(filters: Filters): Promise<{ContainersDeleted: string[]; SpaceReclaimed: number}> {
    return {ContainersDeleted: await pruneContainers(filters, this.#rooms), SpaceReclaimed: 0};
  }

  /** A container that ends by itself is taken away if it was made with --rm. */
  make(record: ContainerRecord, state: ContainerState): Container {
    return new Container(record, state, this.#context, container => {
      if (container.autoRemove) void removeAfterExit(container, this.#rooms);
    });
  }

  get #rooms() {
    return {context: this.#context, index: this.#index, pool: this.#pool};
  }

  /** Makes a Pod for a container that has none (any more); an attach and a start that need one at once share it. */
  async #ensureAgent(container: Container): Promise<void> {
    if (container.agent) return;
    const making =
      this.#making.get(container) ??
      this.#pool.create(
        podForContainer(container.record, this.#context.podSettings),
        container.record.agentKey,
      );
    this.#making.set(container, making);
    try {
      const agent = await making;
      if (container.agent !== agent) container.adopt(agent);
    } finally {
      this.#making.delete(container);
    }
  }

  async #removeQuietly(container: Container): Promise<void> {
    try {
      await removeContainer(container, {reference: container.id, force: true}, this.#rooms);
    } catch (error) {
      this.#context.log('a container that did not start could not be removed', {
        name: objectName(container.id),
        error: String(error),
      });
    }
  }
}
