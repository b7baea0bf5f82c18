import {Readable} from 'node:stream';

import {ProtocolViolation} from './errors.ts';
import {FieldWriter} from './fields.ts';
import type {LinkStream} from './link-stream.ts';
import {SpoolRecords} from './spool-records.ts';
import {streamKind} from './stream-kinds.ts';
import type {Streams} from './streams.ts';
import {Tap} from './tap.ts';

export interface OutputOptions {
  channels: 'stdout' | 'stderr' | 'both';
  /** Go on until the run ends, rather than to the present end. */
  follow: boolean;
  /** If the process does not run, wait for its next run. */
  waitForRun: boolean;
  /** The process waits rather than that this reader loses a record (attach); else a slow reader gets a gap (logs). */
  keep: boolean;
  from: {at: 'start'} | {at: 'end'} | {tail: number} | {since: bigint};
}

/** Opens the output of the main process as a Readable of OutputRecord. Destroying it closes the stream. */
export function openOutput(streams: Streams, options: OutputOptions): Readable {
  return new OutputStream(streams, options);
}

export function outputPayload(options: OutputOptions): Buffer {
  const channels = {stdout: 1, stderr: 2, both: 3} as const;
  const flags = (options.follow ? 1 : 0) | (options.waitForRun ? 2 : 0) | (options.keep ? 4 : 0);
  const fields = new FieldWriter().u8(streamKind.output).u8(channels[options.channels]).u8(flags);
  const {from} = options;
  if ('tail' in from) return fields.u8(2).u64(from.tail).finish();
  if ('since' in from) return fields.u8(3).u64(from.since).finish();
  return fields
    .u8(from.at === 'start' ? 0 : 1)
    .u64(0)
    .finish();
}

class OutputStream extends Readable {
  readonly #stream: LinkStream;
  readonly #tap: Tap;

  constructor(streams: Streams, options: OutputOptions) {
    super({objectMode: true});
    // A reader that has gone away must not turn a lost link into an uncaught exception.
    this.on('error', () => {});
    const records = new SpoolRecords();
    this.#tap = new Tap(this, {
      stream: () => this.#stream,
      items: piece => records.push(piece.bytes),
      atEnd: () => {
        if (records.partial) throw new ProtocolViolation('the agent ended the output within a record');
      },
    });
    this.#stream = streams.open(outputPayload(options), {
      channels: [0],
      onReadable: () => this.#tap.move(),
      onFailed: error => this.destroy(error),
    });
    this.#stream.end();
  }

  override _read(): void {
    this.#tap.read();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stream.reset();
    callback(error);
  }
}
