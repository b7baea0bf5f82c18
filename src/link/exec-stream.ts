import {Readable, Writable} from 'node:stream';

import {LinkLost, ProtocolViolation, type AgentError} from './errors.ts';
import {FieldWriter, type FieldReader} from './fields.ts';
import type {LinkStream} from './link-stream.ts';
import {clampU16, messageType, readProblem, withSpec, type ProcessSpec} from './messages.ts';
import {brokenPipe} from './stdin-stream.ts';
import {streamKind} from './stream-kinds.ts';
import type {Streams} from './streams.ts';
import {Tap} from './tap.ts';

/** A process beside the main one. Its promises may be left alone: a rejection that nobody awaits is not an unhandled one. */
export interface ExecStream {
  /** Rejects with AgentError if the process could not be started. */
  readonly started: Promise<{pid: number; startedAt: bigint}>;
  /** Ends with EPIPE when the process has ended. Ending it closes the process's stdin. */
  readonly stdin: Writable;
  /** A Readable of ExecOutput. Destroying it drops what follows; the process and `exit` go on. */
  readonly output: Readable;
  /** The exit code, or 128 + the signal. It may come before all output is read. */
  readonly exit: Promise<number>;
  resize(rows: number, columns: number): void;
  kill(signal: number): void;
  /** Lets go: the process runs on, unseen. `exit` rejects with LinkLost. */
  detach(): void;
}

export function execPayload(spec: ProcessSpec): Buffer {
  return withSpec(new FieldWriter().u8(streamKind.exec), spec);
}

/** Starts a process. Throws AgentError E2BIG if the spec is more than 2 MiB, LinkLost if the link is closed. */
export function openExec(streams: Streams, spec: ProcessSpec): ExecStream {
  const started = Promise.withResolvers<{pid: number; startedAt: bigint}>();
  const exit = Promise.withResolvers<number>();
  started.promise.catch(() => {});
  exit.promise.catch(() => {});

  const stream: LinkStream = streams.open(execPayload(spec), {
    channels: [1, 2],
    endsByMessage: true,
    onReadable: () => output.received(),
    onMessage: (message, fields) => receive(message, fields),
    onFailed: error => fail(error),
  });
  const output = new ExecReadable(stream);
  const stdin = new ExecWritable(stream);
  if (spec.detached || !spec.stdin) stdin.end();

  function receive(message: number, fields: FieldReader): void {
    switch (message) {
      case messageType.started:
        started.resolve({pid: fields.u32(), startedAt: fields.u64()});
        return fields.end();
      case messageType.failed:
        return refuse(readProblem(fields));
      case messageType.exit: {
        const code = fields.u32();
        fields.end();
        exit.resolve(code);
        return leave(brokenPipe());
      }
      default:
        throw new ProtocolViolation(`the agent sent the message ${message} on an exec`);
    }
  }

  function refuse(problem: AgentError): void {
    started.reject(problem);
    exit.reject(problem);
    leave(problem);
  }

  function leave(error: Error): void {
    stream.finish();
    stdin.over(error);
    output.received();
  }

  function fail(error: Error): void {
    started.reject(error);
    exit.reject(error);
    stdin.over(error);
    output.destroy(error);
  }

  return {
    started: started.promise,
    exit: exit.promise,
    stdin,
    output,
    resize: (rows, columns) =>
      stream.message(messageType.resize, new FieldWriter().u16(clampU16(rows)).u16(clampU16(columns))),
    kill: signal => stream.message(messageType.kill, new FieldWriter().u8(signal)),
    detach: () => {
      stream.reset();
      fail(new LinkLost('detached: the process runs on'));
    },
  };
}

class ExecReadable extends Readable {
  readonly #stream: LinkStream;
  readonly #tap: Tap;

  constructor(stream: LinkStream) {
    super({objectMode: true});
    this.on('error', () => {});
    this.#stream = stream;
    this.#tap = new Tap(this, {stream: () => stream, items: ({channel, bytes}) => [{channel, bytes}]});
  }

  received(): void {
    if (this.destroyed) this.#drop();
    else this.#tap.move();
  }

  override _read(): void {
    this.#tap.read();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#drop();
    callback(error);
  }

  // Dropped bytes are credited like read ones, or the process would stand still and never end.
  #drop(): void {
    while (this.#stream.take() !== undefined);
  }
}

class ExecWritable extends Writable {
  readonly #stream: LinkStream;

  constructor(stream: LinkStream) {
    super({highWaterMark: 65_536});
    this.on('error', () => {});
    this.#stream = stream;
  }

  /** The process reads no more. */
  over(error: Error): void {
    if (!this.writableFinished) this.destroy(error);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#stream.write(chunk, callback);
  }

  override _final(callback: () => void): void {
    this.#stream.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // A writer that was cut off still lets the process see the end of its input.
    this.#stream.end();
    callback(error);
  }
}
