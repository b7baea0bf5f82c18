import type {Duplex, Readable, Writable} from 'node:stream';

import type {AppliedEntry, ApplyOptions} from './apply.ts';
import type {DialStream} from './dial-stream.ts';
import type {LinkLost} from './errors.ts';
import type {ExecStream} from './exec-stream.ts';
import type {AgentState, ProcessSpec} from './messages.ts';
import type {OutputOptions} from './output-stream.ts';
import type {WalkedEntry, WalkOptions} from './walk.ts';

/**
 * The link to one container's agent. Once it is closed every method throws or rejects with LinkLost. Each stream it gives has an error listener of its own: one
 * that nobody watches any more cannot end the process.
 */
export interface AgentLink {
  /** The main process as last heard: from the greeting, `start`'s answer or its exit. */
  readonly state: AgentState | undefined;
  readonly connected: boolean;
  /** Why the last dial or connection failed, until the next greeting. */
  readonly lastError: Error | undefined;

  /** Resolves with the state once the agent has greeted for the first time. Rejects with the signal's reason. */
  ready(signal?: AbortSignal): Promise<AgentState>;
  /** Starts the main process. Rejects with AgentError {stage, errno, code} if the agent refuses. */
  start(spec: ProcessSpec): Promise<{pid: number; startedAt: bigint}>;
  /** Sends a signal (Linux's number) to the main process. Rejects with AgentError ESRCH if it does not run. */
  signal(number: number): Promise<void>;
  /** Resizes the main process's terminal. */
  resize(rows: number, columns: number): Promise<void>;
  /** Output of the main process from the spool, a Readable of OutputRecord; the agent sends no faster than it is read. Destroy it to stop. */
  output(options: OutputOptions): Readable;
  /**
   * Stdin of the main process; bytes wait for it to start. With `closeOnEnd` the end of this Writable is the end of the process's stdin. It fails with EPIPE when the
   * process no longer reads.
   */
  stdin(options: {closeOnEnd: boolean}): Writable;
  /** Starts a process beside the main one. */
  exec(spec: ProcessSpec): ExecStream;
  /**
   * A TCP connection to a port of the container, or of `host` seen from it, once it is made. Rejects with AgentError, `code` ECONNREFUSED and so on. Each direction
   * ends apart.
   */
  dial(port: number, host?: string, signal?: AbortSignal): Promise<Duplex>;
  /** As `dial`, but usable at once: what is written before it is connected needs no round trip. A refusal destroys it. */
  dialNow(port: number, host?: string): DialStream;
  /** The files under a path of the container, each with its content to be read in turn. Leave the loop to end the walk. */
  walk(path: string, options?: WalkOptions): AsyncIterable<WalkedEntry>;
  /** Writes files under a path of the container; resolves with their number once the agent has written all. */
  apply(path: string, options: ApplyOptions, entries: AsyncIterable<AppliedEntry>): Promise<bigint>;

  /** The main process has ended: once per run, also if that was while there was no connection. Returns what removes the listener, as all of these do. */
  onExit(listener: (state: AgentState) => void): () => void;
  /** The connection was lost and is being rebuilt; meanwhile everything waits. */
  onLost(listener: (error: Error) => void): () => void;
  /** The session goes on over a new connection; nothing was lost. */
  onResumed(listener: () => void): () => void;
  /** The session could not be resumed: every stream and request has failed. The link goes on with a new session. */
  onReset(listener: (error: LinkLost) => void): () => void;
  /** The link is closed for good: by `close`, or a dial found the container gone. The error's cause says why. */
  onClosed(listener: (error: LinkLost) => void): () => void;
  /** Ends the link, every stream and every request. The container is left as it is. */
  close(reason?: Error): void;
}
