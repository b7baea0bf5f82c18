import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';

import {SPEC, type Spec, bytes, spec, u16, u64, u8} from './bytes.ts';
import {TestLink} from './link.ts';
import type {TestStream} from './stream.ts';

const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';
/** The binary under test: the committed one, or what BADIDEA_AGENT names (the sanitizer build). */
export const BINARY =
  process.env['BADIDEA_AGENT'] ?? join(import.meta.dirname, `../../src/agent/bin/agent-${ARCHITECTURE}`);

export const KIND = {stdin: 1, output: 2, exec: 3, dial: 4, walk: 5, apply: 6};
export const FOLLOW = 1;
export const WAIT = 2;
export const KEEP = 4;

export interface AgentOptions {
  /** More arguments for `init`. */
  args?: string[];
  /** A program before the binary (qemu). */
  runner?: string[];
  /** Another binary than the one under test. */
  binary?: string;
  /** How it is ended; a runner may not pass SIGTERM on. */
  endedBy?: NodeJS.Signals;
}

/** A running `agent init` in a folder of its own, as a plain process. `await using` ends it. */
export class TestAgent implements AsyncDisposable {
  readonly directory: string;
  readonly process: ChildProcess;
  readonly command: string[];
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | NodeJS.Signals>;

  readonly #endedBy: NodeJS.Signals;

  private constructor(directory: string, options: AgentOptions) {
    const {args = [], runner = [], binary = BINARY, endedBy = 'SIGTERM'} = options;
    this.directory = directory;
    this.command = [...runner, binary];
    this.#endedBy = endedBy;
    const [program = '', ...rest] = this.command;
    this.process = spawn(program, [...rest, 'init', '--run', directory, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (data: Buffer) => (this.stdout = keep(this.stdout, data)));
    this.process.stderr?.on('data', (data: Buffer) => (this.stderr = keep(this.stderr, data)));
    this.exited = new Promise(resolve =>
      this.process.once('exit', (code, killed) => resolve(code ?? killed ?? 'SIGKILL')),
    );
  }

  static async start(options: AgentOptions = {}): Promise<TestAgent> {
    const directory = await mkdtemp(join(tmpdir(), 'badidea-agent-'));
    const agent = new TestAgent(directory, options);
    const socket = join(directory, 'agent.sock');
    while (agent.process.exitCode === null && !(await listens(socket))) await sleep(2);
    return agent;
  }

  /** A link that has greeted, straight over the socket. */
  async link(): Promise<TestLink> {
    const link = new TestLink(join(this.directory, 'agent.sock'));
    await link.open();
    return link;
  }

  /** A link through `agent connect`, as pods/exec runs it. */
  async relayed(): Promise<TestLink> {
    const link = new TestLink(() => this.relay());
    await link.open();
    return link;
  }

  relay(): Duplex {
    const [program = '', ...rest] = this.command;
    const relay = spawn(program, [...rest, 'connect', '--run', this.directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const duplex = Duplex.from({readable: relay.stdout, writable: relay.stdin});
    duplex.on('close', () => relay.kill());
    return duplex;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill(this.#endedBy);
    const late = setTimeout(() => this.process.kill('SIGKILL'), 3000);
    await this.exited;
    clearTimeout(late);
    await rm(this.directory, {recursive: true, force: true});
  }
}

/** The file is there a moment before it can be connected to. */
async function listens(path: string): Promise<boolean> {
  const socket = connect(path);
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}

/** The beginning only: a test may write gigabytes. */
function keep(text: string, more: Buffer): string {
  return text.length < 1_048_576 ? text + more.toString() : text;
}

/** START; throws with the agent's words if it fails. */
export async function start(link: TestLink, what: Spec): Promise<{pid: number}> {
  const {message, reader} = await link.request(1, spec(what));
  if (message !== 0x40) throw new StartError(reader.u8(), reader.u32(), reader.text());
  return {pid: reader.u32()};
}

export class StartError extends Error {
  readonly stage: number;
  readonly errno: number;
  constructor(stage: number, errno: number, text: string) {
    super(text);
    this.stage = stage;
    this.errno = errno;
  }
}

/** START of `sh -c`. */
export function shell(link: TestLink, script: string, more: Partial<Spec> = {}): Promise<{pid: number}> {
  return start(link, {argv: ['/bin/sh', '-c', script], ...more});
}

/** The errno with which a request was refused, 0 if it was not. */
export async function signal(link: TestLink, number: number): Promise<number> {
  const {message, reader} = await link.request(2, u8(number));
  if (message === 0x40) return 0;
  reader.u8();
  return reader.u32();
}

export interface OutputOptions {
  channels?: number;
  flags?: number;
  from?: 'start' | 'end' | 'tail' | 'since';
  value?: number | bigint;
}

/** An OUTPUT stream with the daemon's direction already ended. */
export function output(link: TestLink, options: OutputOptions = {}): TestStream {
  const {channels = 3, flags = FOLLOW | WAIT, from = 'start', value = 0} = options;
  const places = ['start', 'end', 'tail', 'since'];
  const fields = Buffer.concat([u8(channels), u8(flags), u8(places.indexOf(from)), u64(value)]);
  const stream = link.stream(KIND.output, fields);
  stream.end();
  return stream;
}

export function stdin(link: TestLink, flags = 1): TestStream {
  return link.stream(KIND.stdin, u8(flags));
}

export function exec(link: TestLink, what: Spec): TestStream {
  return link.stream(KIND.exec, spec(what));
}

/** EXEC of `sh -c`, with its output and exit code once it has ended. */
export async function execShell(link: TestLink, script: string, more: Partial<Spec> = {}) {
  const stream = exec(link, {argv: ['/bin/sh', '-c', script], ...more});
  if (((more.flags ?? 0) & SPEC.stdin) === 0) stream.end();
  const code = (await stream.expect(0x52)).u32();
  return {code, stdout: stream.data(1).toString(), stderr: stream.data(2).toString()};
}

export function dial(link: TestLink, port: number, host = ''): TestStream {
  return link.stream(KIND.dial, Buffer.concat([u8(6), u16(port), bytes(host)]));
}
