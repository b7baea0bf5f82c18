import {reasonOf} from './abort-reason.ts';
import {ProtocolViolation} from './errors.ts';
import {FieldWriter} from './fields.ts';
import {encodeEntry, type FileEntry} from './file-entries.ts';
import type {LinkStream} from './link-stream.ts';
import {messageType} from './messages.ts';
import {nameToBytes} from './names.ts';
import {streamKind} from './stream-kinds.ts';
import type {Streams} from './streams.ts';
import {Verdict} from './verdict.ts';

const batchSize = 32_768;

export interface ApplyOptions {
  /** Never replace a directory by a file or the reverse. */
  keepKind?: boolean;
  /** Give files the entries' uid and gid, rather than the agent's own. */
  keepOwner?: boolean;
  signal?: AbortSignal;
}

/** What `apply` writes: for a regular file `content` must give exactly `size` bytes. */
export interface AppliedEntry extends FileEntry {
  content?: AsyncIterable<Buffer>;
}

export function applyPayload(path: string, options: ApplyOptions): Buffer {
  const flags = (options.keepKind ? 1 : 0) | (options.keepOwner ? 2 : 0);
  return new FieldWriter().u8(streamKind.apply).bytes(nameToBytes(path)).u8(flags).finish();
}

/** Writes files into the container and resolves with how many entries the agent applied. Rejects with AgentError (ENOSPC …) or what `entries` throws. */
export async function apply(
  streams: Streams,
  path: string,
  options: ApplyOptions,
  entries: AsyncIterable<AppliedEntry>,
): Promise<bigint> {
  options.signal?.throwIfAborted();
  const verdict = new Verdict();
  const stream: LinkStream = streams.open(applyPayload(path, options), {
    channels: [],
    onReadable: () => verdict.fail(new ProtocolViolation('the agent ended an apply without a word')),
    onFailed: error => verdict.fail(error),
    onMessage: (message, fields) => {
      if (message !== messageType.done)
        throw new ProtocolViolation(`the agent sent the message ${message} on an apply`);
      verdict.resolve(fields.u64());
      fields.end();
    },
  });
  const abort = (): void => verdict.fail(reasonOf(options.signal));
  options.signal?.addEventListener('abort', abort, {once: true});

  try {
    const batch = new Batch(stream, verdict);
    for await (const entry of verdict.heeding(entries)) await writeEntry(batch, entry, verdict);
    await batch.flush();
    stream.end();
    return await verdict.promise;
  } finally {
    options.signal?.removeEventListener('abort', abort);
    stream.reset();
  }
}

async function writeEntry(batch: Batch, entry: AppliedEntry, verdict: Verdict): Promise<void> {
  await batch.write(encodeEntry(entry));
  if (entry.type !== 'f') return;
  let left = entry.size;
  for await (const bytes of verdict.heeding(entry.content ?? noContent())) {
    left -= bytes.length;
    if (left < 0)
      throw new RangeError(`${entry.path} has more than the ${entry.size} bytes that were announced`);
    await batch.write(bytes);
  }
  if (left > 0)
    throw new RangeError(`${entry.path} ended ${left} bytes before the ${entry.size} that were announced`);
  await batch.write(Buffer.of(0));
}

async function* noContent(): AsyncGenerator<Buffer, void, undefined> {}

/** Small pieces leave together. */
class Batch {
  readonly #stream: LinkStream;
  readonly #verdict: Verdict;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(stream: LinkStream, verdict: Verdict) {
    this.#stream = stream;
    this.#verdict = verdict;
  }

  async write(bytes: Buffer): Promise<void> {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= batchSize) await this.flush();
  }

  /** Waits until the agent's window has taken it, or its refusal. */
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    await this.#verdict.unlessFailed(new Promise<void>(resolve => this.#stream.write(bytes, resolve)));
  }
}
