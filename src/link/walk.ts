import {reasonOf} from './abort-reason.ts';
import {ProtocolViolation, resetError, type AgentError} from './errors.ts';
import {FieldWriter} from './fields.ts';
import {readEntry, type FileEntry} from './file-entries.ts';
import type {LinkStream} from './link-stream.ts';
import {messageType} from './messages.ts';
import {nameToBytes} from './names.ts';
import {streamKind} from './stream-kinds.ts';
import {StreamReader} from './stream-reader.ts';
import type {Streams} from './streams.ts';

export interface WalkOptions {
  /** If the path itself is a symlink, walk what it points to. */
  followSymlink?: boolean;
  noChildren?: boolean;
  /** Entries only; their `size` is still told. */
  noContent?: boolean;
  signal?: AbortSignal;
}

export interface WalkedEntry extends FileEntry {
  /** A file's `size` bytes, to be read before the next entry is asked for, or not at all. Other entries have none. */
  content: AsyncIterable<Buffer>;
  /** Once the content is read: why the rest of it is zeros, if the file could not be read to its end. */
  readonly contentError: AgentError | undefined;
}

export function walkPayload(path: string, options: WalkOptions): Buffer {
  const flags = (options.followSymlink ? 1 : 0) | (options.noChildren ? 2 : 0) | (options.noContent ? 4 : 0);
  return new FieldWriter().u8(streamKind.walk).bytes(nameToBytes(path)).u8(flags).finish();
}

/** Walks files of the container in the agent's order. Rejects with AgentError (ENOENT …); leaving the loop early ends the walk. */
export async function* walk(
  streams: Streams,
  path: string,
  options: WalkOptions,
): AsyncGenerator<WalkedEntry, void, undefined> {
  options.signal?.throwIfAborted();
  let told: bigint | undefined;
  const reader = new StreamReader(() => stream);
  const stream: LinkStream = streams.open(walkPayload(path, options), {
    channels: [0],
    onReadable: () => reader.received(),
    onFailed: error => reader.fail(error),
    onMessage: (message, fields) => {
      if (message !== messageType.done || told !== undefined)
        throw new ProtocolViolation(`the agent sent the message ${message} on a walk`);
      told = fields.u64();
      fields.end();
    },
  });
  stream.end();
  const abort = (): void => reader.fail(reasonOf(options.signal));
  options.signal?.addEventListener('abort', abort, {once: true});

  try {
    let count = 0n;
    for (let entry = await readEntry(reader); entry !== undefined; entry = await readEntry(reader)) {
      const content = new Content(
        reader,
        entry.type === 'f' && options.noContent !== true ? entry.size : undefined,
      );
      count += 1n;
      yield {
        ...entry,
        content,
        get contentError() {
          return content.error;
        },
      };
      await content.skip();
    }
    if (told !== count)
      throw new ProtocolViolation(
        `the agent ended a walk with ${count} entries and said ${told ?? 'nothing'}`,
      );
  } finally {
    options.signal?.removeEventListener('abort', abort);
    stream.reset();
  }
}

class Content implements AsyncIterable<Buffer> {
  error: AgentError | undefined;
  readonly #reader: StreamReader;
  #left: number;
  #statusDue: boolean;

  constructor(reader: StreamReader, size: number | undefined) {
    this.#reader = reader;
    this.#left = size ?? 0;
    this.#statusDue = size !== undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    while (this.#left > 0) {
      const bytes = await this.#reader.some(this.#left);
      if (bytes === undefined)
        throw new ProtocolViolation(`the agent ended a file ${this.#left} bytes early`);
      this.#left -= bytes.length;
      yield bytes;
    }
    if (!this.#statusDue) return;
    this.#statusDue = false;
    const errno = (await this.#reader.exactly(1)).readUInt8(0);
    if (errno !== 0) this.error = resetError(errno, 'the file could not be read to its end');
  }

  async skip(): Promise<void> {
    for await (const _ of this);
  }
}
