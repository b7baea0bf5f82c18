import {Readable} from 'node:stream';

import type {Attachment, ExecCreateRequest, ExecInspect, Execs, TerminalSize} from '../api/engine.ts';
import {Conflict, DaemonError, InvalidRequest, NotFound} from '../errors.ts';
import {AgentError} from '../link/errors.ts';
import type {ExecStream} from '../link/link.ts';
import {environmentOf, mergedEnvironment, type ProcessSpec} from '../translate/process-for-container.ts';
import {startFailure} from '../translate/start-failure.ts';
import type {Container} from './container.ts';
import {requireKnownUser} from './known-user.ts';
import {newId} from './new-id.ts';

interface Exec {
  id: string;
  container: Container;
  request: ExecCreateRequest;
  spec: ProcessSpec;
  state: 'created' | 'running' | 'ended';
  exitCode: number | null;
  pid: number;
  stream: ExecStream | undefined;
  begun: PromiseWithResolvers<void>;
}

/** Ended execs are remembered for their exit code, this many. */
const REMEMBERED = 1000;

/** `docker exec`: a second process beside the main one, over a stream of the same link. */
export class ExecRegistry implements Execs {
  readonly #execs = new Map<string, Exec>();
  readonly #find: (reference: string) => Container;

  constructor(find: (reference: string) => Container) {
    this.#find = find;
  }

  async create(reference: string, request: ExecCreateRequest): Promise<{Id: string}> {
    const container = this.#find(reference);
    if (!container.running) throw new Conflict(`container ${container.id} is not running`);
    if (request.Cmd.length === 0) throw new InvalidRequest('No exec command specified');
    const id = newId();
    const spec = execSpec(container, request);
    if (container.agent) await requireKnownUser(spec.user, container.agent.link);
    this.#execs.set(id, {
      id,
      container,
      request,
      spec,
      state: 'created',
      exitCode: null,
      pid: 0,
      stream: undefined,
      begun: Promise.withResolvers(),
    });
    this.#forgetOldest();
    container.execIds.add(id);
    container.emit(`exec_create: ${request.Cmd.join(' ')}`, {execID: id});
    return {Id: id};
  }

  async start(id: string, {tty, size}: {tty: boolean; size: TerminalSize | undefined}): Promise<Attachment> {
    const exec = this.#startable(id);
    const spec = {...exec.spec, tty, ...size};
    const stream = this.#run(exec, spec);
    return {
      tty,
      stdin: exec.request.AttachStdin ? stream.stdin : undefined,
      output: Readable.from(output(stream, spec), {objectMode: true}),
    };
  }

  async startDetached(id: string): Promise<void> {
    const exec = this.#startable(id);
    const spec = {...exec.spec, detached: true, stdin: false};
    const stream = this.#run(exec, spec);
    stream.output.resume();
    try {
      await stream.started;
    } catch (error) {
      throw new InvalidRequest(failureText(error, spec), {cause: error});
    }
  }

  async resize(id: string, {rows, columns}: TerminalSize): Promise<void> {
    const exec = this.#get(id);
    // The client asks as soon as it has asked for the start: the one may overtake the other.
    await Promise.race([exec.begun.promise, afterSeconds(10)]);
    if (exec.state !== 'running') throw new Conflict(`exec ${id} is not running`);
    exec.stream?.resize(rows, columns);
  }

  inspect(id: string): ExecInspect {
    const {container, exitCode, pid, request, state} = this.#get(id);
    const [entrypoint = '', ...rest] = request.Cmd;
    return {
      ID: id,
      Running: state === 'running',
      ExitCode: exitCode,
      ProcessConfig: {
        tty: request.Tty,
        entrypoint,
        arguments: rest,
        privileged: request.Privileged,
        ...(request.User === '' ? {} : {user: request.User}),
      },
      OpenStdin: request.AttachStdin,
      OpenStderr: request.AttachStderr,
      OpenStdout: request.AttachStdout,
      CanRemove: state === 'ended',
      ContainerID: container.id,
      DetachKeys: request.DetachKeys,
      Pid: pid,
    };
  }

  #startable(id: string): Exec {
    const exec = this.#get(id);
    if (exec.state !== 'created') throw new Conflict(`Error: Exec command ${id} is already running`);
    if (!exec.container.running) throw new Conflict(`container ${exec.container.id} is not running`);
    return exec;
  }

  #run(exec: Exec, spec: ProcessSpec): ExecStream {
    const {agent} = exec.container;
    if (agent === undefined) throw new Conflict(`container ${exec.container.id} is not running`);
    const stream = agent.link.exec(spec);
    exec.stream = stream;
    exec.state = 'running';
    exec.container.emit(`exec_start: ${exec.request.Cmd.join(' ')}`, {execID: exec.id});
    stream.started.then(({pid}) => (exec.pid = pid)).catch(() => {});
    stream.exit.then(
      exitCode => this.#ended(exec, exitCode),
      (error: unknown) =>
        this.#ended(exec, error instanceof AgentError ? execFailure(error, spec).exitCode : 137),
    );
    exec.begun.resolve();
    return stream;
  }

  #ended(exec: Exec, exitCode: number): void {
    exec.state = 'ended';
    exec.exitCode = exitCode;
    exec.stream = undefined;
    exec.container.execIds.delete(exec.id);
    exec.container.emit('exec_die', {execID: exec.id, exitCode: String(exitCode)});
  }

  #get(id: string): Exec {
    const exec = this.#execs.get(id);
    if (exec === undefined) throw new NotFound(`No such exec instance: ${id}`);
    return exec;
  }

  #forgetOldest(): void {
    if (this.#execs.size <= REMEMBERED) return;
    const oldest = this.#execs.values().find(({state}) => state !== 'running');
    if (oldest) this.#execs.delete(oldest.id);
  }
}

async function* output(stream: ExecStream, spec: ProcessSpec) {
  try {
    for await (const {channel, bytes} of stream.output as AsyncIterable<{channel: 1 | 2; bytes: Buffer}>)
      yield {channel, bytes, time: 0n};
    // The client asks for the exit code as soon as the output ends.
    await stream.exit;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    yield {channel: 1, bytes: Buffer.from(`${failureText(error, spec)}\r\n`), time: 0n};
  }
}

function execSpec(container: Container, request: ExecCreateRequest): ProcessSpec {
  const {record} = container;
  return {
    argv: request.Cmd,
    env: mergedEnvironment(environmentOf(record, request.Tty), request.Env),
    cwd: request.WorkingDir || record.request.WorkingDir || record.image.config.WorkingDir || '/',
    user: request.User || record.request.User || record.image.config.User,
    groups: record.request.HostConfig.GroupAdd,
    tty: request.Tty,
    stdin: request.AttachStdin,
    stdinOnce: true,
    detached: false,
    rows: request.ConsoleSize?.[0] ?? 0,
    columns: request.ConsoleSize?.[1] ?? 0,
  };
}

function failureText(error: unknown, spec: ProcessSpec): string {
  if (error instanceof AgentError) return execFailure(error, spec).message;
  return error instanceof DaemonError || error instanceof Error ? error.message : String(error);
}

function execFailure(error: AgentError, {argv, cwd}: ProcessSpec) {
  return startFailure(error, {program: argv[0] ?? '', cwd}, 'exec');
}

function afterSeconds(seconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, seconds * 1000).unref());
}
