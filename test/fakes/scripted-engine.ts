import {PassThrough, type Readable} from 'node:stream';

import type {
  AttachOptions,
  Engine,
  ExecCreateRequest,
  ExecInspect,
  LogOptions,
  OutputChunk,
  TerminalSize,
  WaitCondition,
} from '../../src/api/engine.ts';
import {Conflict, NotFound, NotModified} from '../../src/errors.ts';
import type {ContainerCreateRequest} from '../../src/wire/container-create-request.ts';
import type {DockerEvent} from '../../src/wire/events.ts';
import {signalNumber} from '../../src/wire/signals.ts';
import {execInspect, inspectOf, summaryOf} from './scripted-answers.ts';
import {follow as followEvents, play, pullMessages} from './scripted-streams.ts';

/** What a container's process does with its stdin and output; it ends when this resolves, with the code it resolves to. */
export type Program = (process: {
  stdin: Readable;
  write(channel: 1 | 2 | 3, text: string | Buffer): Promise<void>;
  output: PassThrough;
}) => Promise<number>;

export interface ScriptedContainer {
  Id: string;
  name: string;
  request: ContainerCreateRequest;
  raw: unknown;
  status: 'created' | 'running' | 'exited';
  exitCode: number;
  stdin: PassThrough;
  output: PassThrough;
  log: OutputChunk[];
  sizes: TerminalSize[];
  exited: PromiseWithResolvers<number>;
  removed: PromiseWithResolvers<number>;
}

export interface ScriptedEngine extends Engine {
  readonly all: Map<string, ScriptedContainer>;
  /** what was asked for, for a test to look at */
  readonly calls: {
    stop: object[];
    kill: (string | undefined)[];
    pull: object[];
    waits: WaitCondition[];
    signals: AbortSignal[];
  };
  publish(event: DockerEvent): void;
}

/** An engine whose containers are a few lines of TypeScript: enough for each endpoint, true to its interface, without a cluster. */
export function scriptedEngine(program: Program = async () => 0): ScriptedEngine {
  const all = new Map<string, ScriptedContainer>();
  const execs = new Map<
    string,
    {container: ScriptedContainer; request: ExecCreateRequest; inspect: ExecInspect}
  >();
  const listeners = new Set<(event: DockerEvent) => void>();
  const calls: ScriptedEngine['calls'] = {stop: [], kill: [], pull: [], waits: [], signals: []};
  let ids = 0;

  function find(reference: string): ScriptedContainer {
    const name = reference.replace(/^\//, '');
    const container = [...all.values()].find(one => one.Id.startsWith(name) || one.name === name);
    if (!container) throw new NotFound(`No such container: ${reference}`);
    return container;
  }

  return {
    all,
    calls,
    publish: event => listeners.forEach(listener => listener(event)),
    containers: {
      async create(request, {name = `scripted_${ids}`, raw}) {
        if (!request.Image.startsWith('busybox'))
          throw new NotFound(`No such image: ${request.Image}:latest`);
        if ([...all.values()].some(one => one.name === name)) {
          throw new Conflict(
            `Conflict. The container name "/${name}" is already in use by container "x". You have to remove (or rename) that container to be able to reuse that name.`,
          );
        }
        const Id = (++ids).toString(16).padStart(4, '0').padEnd(64, 'a');
        all.set(Id, {
          Id,
          name,
          request,
          raw,
          status: 'created',
          exitCode: 0,
          stdin: new PassThrough(),
          output: new PassThrough({objectMode: true}),
          log: [],
          sizes: [],
          exited: Promise.withResolvers(),
          removed: Promise.withResolvers(),
        });
        return {Id, Warnings: []};
      },
      list: () => [...all.values()].map(summaryOf),
      inspect: reference => inspectOf(find(reference)),
      async start(reference) {
        const container = find(reference);
        if (container.status === 'running') throw new NotModified('already started');
        container.status = 'running';
        void play(program, container).then(code => {
          container.status = 'exited';
          container.exitCode = code;
          container.exited.resolve(code);
          if (container.request.HostConfig.AutoRemove) {
            all.delete(container.Id);
            container.removed.resolve(code);
          }
          return code;
        });
      },
      async stop(reference, options) {
        calls.stop.push(options);
        if (find(reference).status !== 'running') throw new NotModified('already stopped');
      },
      async kill(reference, signal = 'KILL') {
        const container = find(reference);
        calls.kill.push(signal);
        signalNumber(signal);
        if (container.status !== 'running') {
          throw new Conflict(`cannot kill container: ${reference}: container ${container.Id} is not running`);
        }
      },
      async remove(reference) {
        const container = find(reference);
        all.delete(container.Id);
        container.removed.resolve(container.exitCode);
      },
      async resize(reference, size) {
        find(reference).sizes.push(size);
      },
      wait(reference, condition, signal) {
        const container = find(reference);
        calls.waits.push(condition);
        calls.signals.push(signal);
        const {promise} = condition === 'removed' ? container.removed : container.exited;
        const now = condition === 'not-running' && container.status !== 'running';
        return {
          exit: now
            ? Promise.resolve({StatusCode: container.exitCode})
            : promise.then(StatusCode => ({StatusCode})),
        };
      },
      async attach(reference, {stdin}: AttachOptions) {
        const container = find(reference);
        return {
          tty: container.request.Tty,
          stdin: stdin ? container.stdin : undefined,
          output: container.output,
        };
      },
      async logs(reference, {follow, signal}: LogOptions) {
        const {request, log, output} = find(reference);
        calls.signals.push(signal);
        if (follow) return {tty: request.Tty, output};
        const kept = new PassThrough({objectMode: true, highWaterMark: log.length + 1});
        for (const chunk of log) kept.write(chunk);
        kept.end();
        return {tty: request.Tty, output: kept};
      },
      prune: async () => ({ContainersDeleted: [...all.keys()], SpaceReclaimed: 0}),
    },
    execs: {
      async create(reference, request) {
        const container = find(reference);
        if (container.status !== 'running') throw new Conflict(`container ${container.Id} is not running`);
        const Id = `e${execs.size}`.padEnd(64, 'e');
        execs.set(Id, {container, request, inspect: execInspect(Id, container.Id, request)});
        return {Id};
      },
      async start(id, {tty}) {
        const {request, inspect} = findExec(id);
        const stdin = new PassThrough();
        const output = new PassThrough({objectMode: true});
        inspect.Running = true;
        void play(program, {stdin, output, log: []}).then(code =>
          Object.assign(inspect, {Running: false, ExitCode: code}),
        );
        return {tty, stdin: request.AttachStdin ? stdin : undefined, output};
      },
      async startDetached(id) {
        findExec(id).inspect.Running = true;
      },
      async resize(id, size) {
        findExec(id).container.sizes.push(size);
      },
      inspect: id => findExec(id).inspect,
    },
    images: {
      async pull(options) {
        calls.pull.push(options);
        if (options.reference.includes('nope'))
          throw new NotFound(`manifest for nope:latest not found: manifest unknown: manifest unknown`);
        return pullMessages(options.reference.includes('broken'));
      },
      list: () => [],
      inspect(reference) {
        throw new NotFound(`No such image: ${reference}:latest`);
      },
    },
    networks: {
      list: () => [{Name: 'bridge'}],
      inspect(reference) {
        throw new NotFound(`network ${reference} not found`);
      },
    },
    events: {subscribe: ({signal}) => followEvents(listeners, signal)},
    system: {
      version: '0.1.0',
      architecture: 'amd64',
      kubernetesVersion: () => 'v1.36.0',
      namespace: 'test',
      contextName: 'scripted',
      server: 'https://127.0.0.1:6443',
      daemonId: 'daemon',
      startedAt: new Date(0),
    },
  };

  function findExec(id: string) {
    const found = execs.get(id);
    if (!found) throw new NotFound(`No such exec instance: ${id}`);
    return found;
  }
}
