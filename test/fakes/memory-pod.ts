import {type ChildProcess, type ChildProcessWithoutNullStreams, spawn} from 'node:child_process';
import {randomInt} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {addAbortSignal} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';

import type {Pod} from '../../src/cluster/cluster.ts';
import {NotReady} from '../../src/errors.ts';
import {AGENT} from '../../src/translate/pod-for-container.ts';
import {ProcessStream} from './process-stream.ts';
import {SocketStream} from './socket-stream.ts';

export interface MemoryPodOptions {
  pod: Pod;
  /** The agent's binary on this machine. */
  agent: string | undefined;
  /** The container is running, or has ended with this code. */
  running(): void;
  ended(exitCode: number): void;
}

const maxLog = 1024 * 1024;

/** A Pod's one container as a process of this machine, and what is exec'd in it. */
export class MemoryPod {
  readonly #options: MemoryPodOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'badidea-pod-'));
  readonly #streams = new Set<ProcessStream | SocketStream>();
  readonly #execs = new Set<ChildProcess>();
  #main: ChildProcess | undefined;
  #disposed = false;
  /** Where on this machine that is which the command calls its port: two Pods may use the same. */
  #port: {asked: number; real: number} | undefined;
  #log = '';

  constructor(options: MemoryPodOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const {running, ended, pod} = this.#options;
    const container = pod.spec?.containers[0];
    const {program, args} = await this.#ownPort(
      this.#local([...(container?.command ?? []), ...(container?.args ?? [])]),
    );
    if (this.#disposed) return;
    const main = spawn(program, args, {stdio: ['ignore', 'pipe', 'pipe'], detached: true});
    this.#main = main;
    for (const output of [main.stdout, main.stderr]) {
      output.on('data', (chunk: Buffer) => (this.#log = (this.#log + chunk.toString()).slice(-maxLog)));
    }
    main.once('spawn', () => void this.#listens().then(running));
    main.once('error', () => ended(127));
    main.once('close', (code, signal) => {
      this.#main = undefined;
      this.cutStreams();
      ended(code ?? (signal === 'SIGKILL' ? 137 : 143));
    });
  }

  exec(command: string[], signal?: AbortSignal): ProcessStream {
    if (!this.#main) throw new NotReady('container not found');
    const {program, args} = this.#local(command);
    const child: ChildProcessWithoutNullStreams = spawn(program, args, {stdio: 'pipe'});
    this.#execs.add(child);
    child.once('close', () => this.#execs.delete(child));
    return this.#opened(new ProcessStream(child), signal);
  }

  connect(port: number, signal?: AbortSignal): SocketStream {
    if (!this.#main) throw new NotReady('pod not found');
    // Nobody listens on port 1.
    return this.#opened(new SocketStream({port: this.#port?.asked === port ? this.#port.real : 1}), signal);
  }

  log(tailLines: number | undefined): string {
    if (tailLines === undefined) return this.#log;
    const lines = this.#log.split('\n');
    const complete = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
    return complete
      .slice(Math.max(0, complete.length - tailLines))
      .map(line => `${line}\n`)
      .join('');
  }

  cutStreams(): void {
    for (const stream of this.#streams) stream.cut();
  }

  /** SIGTERM, and SIGKILL after the grace period. True if there was something to end: then `ended` follows. */
  stop(graceSeconds: number): boolean {
    const main = this.#main;
    if (!main) return false;
    if (graceSeconds === 0) this.#kill(main);
    else {
      main.kill('SIGTERM');
      const timer = setTimeout(() => this.#kill(main), graceSeconds * 1000);
      main.once('close', () => clearTimeout(timer));
    }
    return true;
  }

  dispose(): void {
    this.#disposed = true;
    this.cutStreams();
    for (const child of this.#execs) child.kill('SIGKILL');
    if (this.#main) this.#kill(this.#main);
    rmSync(this.#folder, {recursive: true, force: true});
  }

  #opened<T extends ProcessStream | SocketStream>(stream: T, signal: AbortSignal | undefined): T {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    if (signal) addAbortSignal(signal, stream);
    return stream;
  }

  /** A port that is free here: two Pods may name the same. */
  async #ownPort({program, args}: {program: string; args: string[]}) {
    const place = args.indexOf('--port');
    if (place < 0) return {program, args};
    const real = await freePort();
    this.#port = {asked: Number(args[place + 1]), real};
    return {program, args: args.with(place + 1, String(real))};
  }

  /** A kubelet tells that a container runs when its agent has long begun to listen; the socket is the last to be there. */
  async #listens(): Promise<void> {
    while (this.#main && this.#main.spawnfile === this.#options.agent) {
      const probe = connect(join(this.#folder, 'agent.sock'));
      const listens = await once(probe, 'connect').then(
        () => true,
        () => false,
      );
      probe.destroy();
      if (listens) return;
      await sleep(2);
    }
  }

  #local([program = '', ...args]: string[]) {
    if (program !== AGENT) return {program, args};
    return {program: this.#options.agent ?? AGENT, args: [...args, '--run', this.#folder]};
  }

  /** With all of its process group: the agent's children do not outlive it. */
  #kill(main: ChildProcess) {
    try {
      if (main.pid !== undefined) process.kill(-main.pid, 'SIGKILL');
    } catch {
      main.kill('SIGKILL');
    }
  }
}

/** Below the ports of outgoing connections, of which one could take it before the command does. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    await new Promise(resolve => server.close(resolve));
    if (free) return port;
  }
}
