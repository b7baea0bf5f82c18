import type {WaitCondition, WaitResult} from '../api/engine.ts';
import type {AgentState} from '../link/link.ts';
import type {Publication} from '../ports/forwarder.ts';
import {type ContainerView, labelsOf} from '../translate/container-answers.ts';
import {type ContainerRecord, type ContainerState, createdState} from '../translate/container-record.ts';
import {objectName} from '../translate/labels.ts';
import type {AgentPod} from './agent-pod.ts';
import type {EngineContext} from './context.ts';
import {OutputReaders} from './output-readers.ts';
import type {PodEnd} from './pod-readiness.ts';
import {StateWriter} from './state-writer.ts';
import {Waiters} from './waiters.ts';

/**
 * One container over time: created → running → exited → … → removed. Only the methods here change its state; each tells the waiters, the events and the
 * Secret. What happens in the Pod comes in by `agentExited` and `podEnded`.
 */
export class Container {
  readonly record: ContainerRecord;
  readonly execIds = new Set<string>();
  /** Who reads its output; with --rm it is not taken away before the end of it. */
  readonly readers = new OutputReaders();
  readonly #context: EngineContext;
  readonly #onExit: (container: Container) => void;
  readonly #waiters = new Waiters();
  readonly #writer: StateWriter;
  #state: ContainerState;
  #agent: AgentPod | undefined;
  #publication: Publication | undefined;
  #pid = 0;
  #removing = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    record: ContainerRecord,
    state: ContainerState,
    context: EngineContext,
    onExit: (container: Container) => void,
  ) {
    this.record = record;
    this.#onExit = onExit;
    this.#state = state;
    this.#context = context;
    this.#writer = new StateWriter(objectName(record.id), context.cluster);
  }

  get id(): string {
    return this.record.id;
  }

  get name(): string {
    return this.record.name;
  }

  get state(): Readonly<ContainerState> {
    return this.#state;
  }

  get running(): boolean {
    return this.#state.status === 'running';
  }

  get removing(): boolean {
    return this.#removing;
  }

  get autoRemove(): boolean {
    return this.record.request.HostConfig.AutoRemove;
  }

  /** The Pod that holds it now, if it has one whose agent may be spoken to. */
  get agent(): AgentPod | undefined {
    return this.#agent?.end === undefined ? this.#agent : undefined;
  }

  get view(): ContainerView {
    return {
      record: this.record,
      state: this.#state,
      removing: this.#removing,
      pid: this.#pid,
      podIp: this.#agent?.ip,
      execIds: [...this.execIds],
    };
  }

  /** From now on this Pod is the container. */
  adopt(agent: AgentPod): void {
    this.#agent = agent;
    agent.link.onExit(state => this.agentExited(state));
    agent.link.ready().then(
      state => this.#catchUp(state),
      () => {},
    );
  }

  /** One lifecycle call at a time: start, stop and remove never overlap. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  wait(condition: WaitCondition, signal: AbortSignal): Promise<WaitResult> {
    if (condition === 'not-running' && !this.running)
      return Promise.resolve({StatusCode: this.#state.exitCode});
    return this.#waiters.add(condition, signal);
  }

  started(pid: number, startedAt: bigint): void {
    this.#pid = pid;
    // The exit of a short process can be told before its start is. Not by comparing times: another node's clock may be behind.
    if (this.running || this.#state.startedAt === String(startedAt)) return;
    const ports = this.#publication?.ports ?? [];
    const {finishedAt} = this.#state;
    this.#become({...createdState, status: 'running', startedAt: String(startedAt), finishedAt, ports});
    this.emit('start');
  }

  published(publication: Publication): void {
    this.#publication = publication;
    if (this.running) this.#become({...this.#state, ports: publication.ports});
  }

  agentExited(agent: AgentState): void {
    if (!this.running) this.started(agent.pid, agent.startedAt);
    this.#exited({
      exitCode: agent.exitCode,
      finishedAt: agent.finishedAt,
      oomKilled: agent.oomKilled,
      error: '',
    });
  }

  /** The Pod has gone from under it. A created or exited container lives on without; a running one has ended. */
  podEnded(end: PodEnd): void {
    if (!this.running) return;
    const exitCode = end.oomKilled || end.exitCode === undefined || end.exitCode === 0 ? 137 : end.exitCode;
    this.#exited({exitCode, finishedAt: this.#context.now(), oomKilled: end.oomKilled, error: end.message});
  }

  startFailed(message: string, exitCode: number): void {
    this.closePorts();
    this.#become({...this.#state, exitCode, error: message});
  }

  closePorts(): void {
    this.#publication?.close();
    this.#publication = undefined;
  }

  removalBegins(): void {
    this.#removing = true;
    this.#writer.pause();
  }

  /** It could not be removed: it is as it was. */
  removalFailed(): void {
    this.#removing = false;
    this.#writer.resume();
    this.#become(this.#state);
  }

  removed(): void {
    this.closePorts();
    this.emit('destroy');
    this.#agent?.close();
    this.#waiters.removed(this.#state.exitCode);
  }

  /** The daemon stops; the container does not. */
  detach(): Promise<void> {
    this.closePorts();
    this.#agent?.close();
    return this.#writer.settled();
  }

  emit(action: string, attributes: Record<string, string> = {}): void {
    const {id, name, record} = this;
    const Attributes = {...labelsOf(record), ...attributes, image: record.request.Image, name};
    this.#context.events.emit({
      Type: 'container',
      Action: action,
      Actor: {ID: id, Attributes},
      nanoseconds: this.#context.now(),
    });
  }

  /** What the agent did while no daemon listened. */
  #catchUp(agent: AgentState): void {
    if (agent.phase === 'running') this.started(agent.pid, agent.startedAt);
    else if (agent.phase === 'exited') this.agentExited(agent);
    else if (this.running) {
      this.podEnded({
        message: 'its Pod was made anew',
        exitCode: undefined,
        oomKilled: false,
        refused: false,
      });
    }
  }

  #exited(end: {exitCode: number; finishedAt: bigint; oomKilled: boolean; error: string}): void {
    if (!this.running) return;
    this.closePorts();
    const seconds = (end.finishedAt - BigInt(this.#state.startedAt)) / 1_000_000_000n;
    this.#become({
      ...this.#state,
      ...end,
      status: 'exited',
      finishedAt: String(end.finishedAt),
      ports: this.#state.ports,
    });
    if (end.oomKilled) this.emit('oom');
    this.emit('die', {exitCode: String(end.exitCode), execDuration: String(seconds > 0n ? seconds : 0n)});
    this.#waiters.exited(end.exitCode);
    this.#onExit(this);
  }

  #become(state: ContainerState): void {
    this.#state = state;
    // With --rm nobody can ask for it after the end, and until then the agent knows; but not the ports, where the next daemon listens again.
    const ofNoUse = this.autoRemove && (state.status !== 'running' || state.ports.length === 0);
    if (!ofNoUse && !this.#removing) this.#writer.write(state);
  }
}
