import {Writable} from 'node:stream';

import {AgentError} from './errors.ts';
import {FieldWriter} from './fields.ts';
import type {LinkStream} from './link-stream.ts';
import {streamKind} from './stream-kinds.ts';
import type {Streams} from './streams.ts';

/** Opens stdin of the main process. It ends with EPIPE when the process no longer reads. Destroying it leaves the process's stdin as it is. */
export function openStdin(streams: Streams, options: {closeOnEnd: boolean}): Writable {
  return new StdinStream(streams, options);
}

export function stdinPayload(options: {closeOnEnd: boolean}): Buffer {
  return new FieldWriter()
    .u8(streamKind.stdin)
    .u8(options.closeOnEnd ? 1 : 0)
    .finish();
}

/** What a write to a process gets that has ended or closed its stdin. */
export function brokenPipe(): AgentError {
  return new AgentError({stage: 0, errno: 32, message: 'EPIPE: the process no longer reads its stdin'});
}

class StdinStream extends Writable {
  readonly #stream: LinkStream;

  constructor(streams: Streams, options: {closeOnEnd: boolean}) {
    super({highWaterMark: 65_536});
    // A writer that has gone away must not turn a process that ended into an uncaught exception.
    this.on('error', () => {});
    this.#stream = streams.open(stdinPayload(options), {
      channels: [],
      onReadable: () => {
        if (!this.writableFinished) this.destroy(brokenPipe());
      },
      onFailed: error => this.destroy(error),
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#stream.write(chunk, callback);
  }

  override _final(callback: () => void): void {
    this.#stream.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // After a proper end the agent may still have bytes to hand over: leave it be.
    if (!this.writableFinished) this.#stream.reset();
    callback(error);
  }
}
