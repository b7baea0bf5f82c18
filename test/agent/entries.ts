import {KIND} from './agent.ts';
import {Reader, bytes, list, u32, u64, u8} from './bytes.ts';
import type {TestLink} from './link.ts';
import type {TestStream} from './stream.ts';

/** A file entry of WALK and APPLY, with the content where the stream carries it. */
export interface Entry {
  type: string;
  mode: number;
  uid: number;
  gid: number;
  mtime: bigint;
  size: bigint;
  rdev: bigint;
  path: string;
  link: string;
  xattrs: Buffer[];
  content?: Buffer;
  status?: number;
}

export function readEntries(data: Buffer, {content = true} = {}): Entry[] {
  const reader = new Reader(data);
  const entries: Entry[] = [];
  while (reader.left > 0) {
    const entry: Entry = {
      type: String.fromCharCode(reader.u8()),
      mode: reader.u32(),
      uid: reader.u32(),
      gid: reader.u32(),
      mtime: reader.u64(),
      size: reader.u64(),
      rdev: reader.u64(),
      path: reader.text(),
      link: reader.text(),
      xattrs: reader.list(),
    };
    if (entry.type === 'f' && content) {
      entry.content = Buffer.from(reader.take(Number(entry.size)));
      entry.status = reader.u8();
    }
    entries.push(entry);
  }
  return entries;
}

export function writeEntry(entry: Partial<Entry> & {type: string; path: string}): Buffer {
  const content = entry.content ?? Buffer.alloc(0);
  const head = Buffer.concat([
    Buffer.from(entry.type),
    u32(entry.mode ?? 0o644),
    u32(entry.uid ?? 0),
    u32(entry.gid ?? 0),
    u64(entry.mtime ?? 1_000_000_000_000_000_000n),
    u64(entry.size ?? content.length),
    u64(entry.rdev ?? 0n),
    bytes(entry.path),
    bytes(entry.link ?? ''),
    list(entry.xattrs ?? []),
  ]);
  return entry.type === 'f' ? Buffer.concat([head, content, u8(0)]) : head;
}

/** A WALK to its end. */
export async function walk(
  link: TestLink,
  path: string,
  flags = 0,
): Promise<{stream: TestStream; entries: Entry[]}> {
  const stream = link.stream(KIND.walk, Buffer.concat([bytes(path), u8(flags)]));
  stream.end();
  await stream.finished();
  return {stream, entries: stream.reset ? [] : readEntries(stream.data(), {content: (flags & 4) === 0})};
}

/** An APPLY of these bytes, to its end. */
export async function apply(link: TestLink, path: string, data: Buffer, flags = 0): Promise<TestStream> {
  const stream = link.stream(KIND.apply, Buffer.concat([bytes(path), u8(flags)]));
  await stream.write(data);
  if (stream.reset === undefined) stream.end();
  return stream.finished();
}
