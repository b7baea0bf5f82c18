import type {Duplex, Readable, Writable} from 'node:stream';

import {reasonOf} from './abort-reason.ts';
import type {AgentLink} from './agent-link.ts';
import {apply, type AppliedEntry, type ApplyOptions} from './apply.ts';
import {openDial, type DialStream} from './dial-stream.ts';
import {LinkLost} from './errors.ts';
import {openExec, type ExecStream} from './exec-stream.ts';
import {startHeartbeat, type HeartbeatOptions} from './heartbeat.ts';
import {Listeners} from './listeners.ts';
import {MainProcess} from './main-process.ts';
import type {AgentState, ProcessSpec} from './messages.ts';
import {openOutput, type OutputOptions} from './output-stream.ts';
import {keepConnected, type Dial, type ReconnectOptions} from './reconnect.ts';
import {Session} from './session.ts';
import {openStdin} from './stdin-stream.ts';
import {Streams} from './streams.ts';
import {walk, type WalkedEntry, type WalkOptions} from './walk.ts';

export type {AgentLink} from './agent-link.ts';
export type {AppliedEntry} from './apply.ts';
export type {ExecStream} from './exec-stream.ts';
export type {AgentState, ProcessSpec} from './messages.ts';
export type {OutputOptions} from './output-stream.ts';
export type {Dial} from './reconnect.ts';
export type {OutputRecord} from './spool-records.ts';
export type {WalkOptions} from './walk.ts';

export interface LinkOptions {
  dial: Dial;
  heartbeat?: Partial<HeartbeatOptions>;
  backoff?: Partial<ReconnectOptions['backoff']>;
  /** How long one dial, and one greeting, may take. */
  dialMs?: number;
  greetingMs?: number;
}

/**
 * Opens the link to one container's agent and keeps it: it reconnects for ever, and between two connections nothing fails, it only waits. Streams fail (LinkLost)
 * when the session cannot be resumed, and all at once when the link closes: by `close`, or because a dial says that the container is gone.
 */
export function openLink(options: LinkOptions): AgentLink {
  return new Link(options);
}

interface LinkEvents {
  exit: AgentState;
  lost: Error;
  resumed: undefined;
  reset: LinkLost;
  closed: LinkLost;
}

class Link implements AgentLink {
  readonly #listeners = new Listeners<LinkEvents>();
  readonly #ready = Promise.withResolvers<AgentState>();
  readonly #session: Session;
  readonly #streams: Streams;
  readonly #main: MainProcess;
  readonly #end = new AbortController();
  readonly #stopHeartbeat: () => void;
  #connectionKnown = false;
  #closed: LinkLost | undefined;
  #lastError: Error | undefined;

  constructor(options: LinkOptions) {
    this.#ready.promise.catch(() => {});
    this.#session = new Session({
      frame: frame => (frame.stream === 0 ? this.#main : this.#streams).receive(frame),
      greeted: (state, resumed) => this.#greeted(state, resumed),
      room: () => this.#streams.pump(),
      reset: error => this.#reset(error),
    });
    this.#streams = new Streams(this.#session);
    this.#main = new MainProcess(this.#session, state => this.#listeners.emit('exit', state));
    const wake = new EventTarget();
    const heartbeat = {intervalMs: 20_000, timeoutMs: 40_000, ...options.heartbeat};
    this.#stopHeartbeat = startHeartbeat(heartbeat, this.#session, () =>
      wake.dispatchEvent(new Event('wake')),
    );
    keepConnected({
      dial: options.dial,
      session: this.#session,
      backoff: {minMs: 20, maxMs: 1000, healthyMs: 1000, ...options.backoff},
      dialMs: options.dialMs ?? 30_000,
      greetingMs: options.greetingMs ?? 10_000,
      onDown: error => this.#down(error),
      wake,
      signal: this.#end.signal,
    }).catch((error: unknown) => this.close(error instanceof Error ? error : new Error(String(error))));
  }

  get state(): AgentState | undefined {
    return this.#main.state;
  }

  get connected(): boolean {
    return this.#session.connected;
  }

  get lastError(): Error | undefined {
    return this.#lastError;
  }

  async ready(signal?: AbortSignal): Promise<AgentState> {
    if (signal === undefined || this.#main.state !== undefined)
      return this.#main.state ?? (await this.#ready.promise);
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, {once: true});
    try {
      return await Promise.race([this.#ready.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async start(spec: ProcessSpec): Promise<{pid: number; startedAt: bigint}> {
    return await this.#open().main.start(spec);
  }

  async signal(number: number): Promise<void> {
    await this.#open().main.signal(number);
  }

  async resize(rows: number, columns: number): Promise<void> {
    await this.#open().main.resize(rows, columns);
  }

  output(options: OutputOptions): Readable {
    return openOutput(this.#open().streams, options);
  }

  stdin(options: {closeOnEnd: boolean}): Writable {
    return openStdin(this.#open().streams, options);
  }

  exec(spec: ProcessSpec): ExecStream {
    return openExec(this.#open().streams, spec);
  }

  async dial(port: number, host = '', signal?: AbortSignal): Promise<Duplex> {
    signal?.throwIfAborted();
    const stream = this.dialNow(port, host);
    const abort = (): void => void stream.destroy(reasonOf(signal));
    signal?.addEventListener('abort', abort, {once: true});
    try {
      await stream.connected;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    return stream;
  }

  dialNow(port: number, host = ''): DialStream {
    return openDial(this.#open().streams, port, host);
  }

  walk(path: string, options: WalkOptions = {}): AsyncIterable<WalkedEntry> {
    return walk(this.#open().streams, path, options);
  }

  async apply(path: string, options: ApplyOptions, entries: AsyncIterable<AppliedEntry>): Promise<bigint> {
    return await apply(this.#open().streams, path, options, entries);
  }

  onExit(listener: (state: AgentState) => void): () => void {
    return this.#listeners.on('exit', listener);
  }

  onLost(listener: (error: Error) => void): () => void {
    return this.#listeners.on('lost', listener);
  }

  onResumed(listener: () => void): () => void {
    return this.#listeners.on('resumed', listener);
  }

  onReset(listener: (error: LinkLost) => void): () => void {
    return this.#listeners.on('reset', listener);
  }

  onClosed(listener: (error: LinkLost) => void): () => void {
    return this.#listeners.on('closed', listener);
  }

  close(reason?: Error): void {
    if (this.#closed !== undefined) return;
    const error = new LinkLost(reason?.message ?? 'the link to the agent was closed', {cause: reason});
    this.#closed = error;
    this.#stopHeartbeat();
    this.#end.abort(error);
    this.#session.drop(error);
    this.#streams.close(error);
    this.#main.requests.lose(error);
    this.#ready.reject(error);
    this.#listeners.emit('closed', error);
  }

  #open(): {streams: Streams; main: MainProcess} {
    if (this.#closed !== undefined) throw this.#closed;
    return {streams: this.#streams, main: this.#main};
  }

  #greeted(state: AgentState, resumed: boolean): void {
    const again = this.#main.state !== undefined;
    this.#connectionKnown = true;
    this.#lastError = undefined;
    this.#main.learn(state);
    this.#ready.resolve(state);
    if (again && resumed) this.#listeners.emit('resumed', undefined);
  }

  #down(error: Error): void {
    this.#lastError = error;
    if (!this.#connectionKnown || this.#closed !== undefined) return;
    this.#connectionKnown = false;
    this.#listeners.emit('lost', error);
  }

  #reset(error: LinkLost): void {
    this.#streams.lose(error);
    this.#main.requests.lose(error);
    this.#listeners.emit('reset', error);
  }
}
