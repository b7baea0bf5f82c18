import {ProtocolViolation} from './errors.ts';
import {FieldWriter} from './fields.ts';
import {nameFromBytes, nameToBytes} from './names.ts';
import type {StreamReader} from './stream-reader.ts';

const types = ['f', 'd', 'l', 'h', 'c', 'b', 'p', 's'] as const;
const fixedSize = 37;
const maxPath = 65_536;
const maxXattrs = 512;
const maxXattr = 65_536;
const maxXattrBytes = 1024 * 1024;

/** One file as the agent walks and applies it; PROTOCOL.md, "Streams". Names are strings as `nameFromBytes` makes them. */
export interface FileEntry {
  /** Regular file, directory, symlink, hard link to an earlier entry, character or block device, fifo, socket. */
  type: (typeof types)[number];
  /** The lower 12 bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  size: number;
  rdev: bigint;
  /** Relative to the walked path, empty for itself; never absolute, never with `..`. */
  path: string;
  /** A symlink's target, as it is: anything may stand there. For a hard link the path of an earlier entry. */
  link: string;
  xattrs: {name: string; value: Buffer}[];
}

export function encodeEntry(entry: FileEntry): Buffer {
  return new FieldWriter()
    .u8(entry.type.charCodeAt(0))
    .u32(entry.mode)
    .u32(entry.uid)
    .u32(entry.gid)
    .u64(entry.mtime)
    .u64(entry.size)
    .u64(entry.rdev)
    .bytes(nameToBytes(entry.path))
    .bytes(nameToBytes(entry.link))
    .list(entry.xattrs.flatMap(({name, value}) => [nameToBytes(name), value]))
    .finish();
}

/** Reads one entry without its content, or undefined at the end of the walk. What a hostile container may not say throws ProtocolViolation. */
export async function readEntry(reader: StreamReader): Promise<FileEntry | undefined> {
  const first = await reader.some(1);
  if (first === undefined) return undefined;
  const type = types.find(letter => letter.charCodeAt(0) === first.readUInt8(0));
  if (type === undefined)
    throw new ProtocolViolation(`the agent sent a file of the unknown type ${first.readUInt8(0)}`);
  const fixed = await reader.exactly(fixedSize - 1);
  const path = checkedPath(await readBytes(reader, maxPath));
  const linkBytes = await readBytes(reader, maxPath);
  const link = type === 'h' ? checkedPath(linkBytes) : checkedTarget(linkBytes);
  const size = fixed.readBigUInt64BE(20);
  if (size > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ProtocolViolation(`the agent sent a file of ${size} bytes`);
  return {
    type,
    mode: fixed.readUInt32BE(0) & 0o7777,
    uid: fixed.readUInt32BE(4),
    gid: fixed.readUInt32BE(8),
    mtime: fixed.readBigUInt64BE(12),
    size: Number(size),
    rdev: fixed.readBigUInt64BE(28),
    path,
    link,
    xattrs: await readXattrs(reader),
  };
}

async function readXattrs(reader: StreamReader): Promise<FileEntry['xattrs']> {
  const count = (await reader.exactly(4)).readUInt32BE(0);
  if (count === 0) return [];
  if (count % 2 !== 0 || count > 2 * maxXattrs)
    throw new ProtocolViolation(`the agent sent ${count} names and values of extended attributes`);
  const xattrs: FileEntry['xattrs'] = [];
  let bytes = 0;
  for (let index = 0; index < count; index += 2) {
    const name = nameFromBytes(await readBytes(reader, 255));
    const value = await readBytes(reader, maxXattr);
    bytes += value.length;
    if (bytes > maxXattrBytes)
      throw new ProtocolViolation(
        `the agent sent more than ${maxXattrBytes} bytes of extended attributes of one file`,
      );
    // A copy: a small value must not keep the whole received chunk.
    xattrs.push({name, value: Buffer.from(value)});
  }
  return xattrs;
}

async function readBytes(reader: StreamReader, max: number): Promise<Buffer> {
  const length = (await reader.exactly(4)).readUInt32BE(0);
  if (length > max)
    throw new ProtocolViolation(`the agent sent a file's field of ${length} bytes; the most is ${max}`);
  return await reader.exactly(length);
}

function checkedPath(bytes: Buffer): string {
  const path = nameFromBytes(bytes);
  if (path === '') return path;
  const good =
    !path.includes('\0') && path.split('/').every(part => part !== '' && part !== '.' && part !== '..');
  if (!good)
    throw new ProtocolViolation('the agent sent a path that leaves the walked folder or is malformed');
  return path;
}

function checkedTarget(bytes: Buffer): string {
  if (bytes.includes(0)) throw new ProtocolViolation('the agent sent a link target with a NUL');
  return nameFromBytes(bytes);
}
