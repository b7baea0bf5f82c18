import {isUtf8} from 'node:buffer';

/**
 * Names of files are bytes on Linux. They become strings as UTF-8; a byte that is not part of it becomes the lone surrogate U+DC80 to U+DCFF (as Python's
 * "surrogateescape"), so that every name survives the way there and back.
 */
export function nameFromBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let name = '';
  let at = 0;
  while (at < bytes.length) {
    const length = [1, 2, 3, 4].find(
      size => at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size)),
    );
    name +=
      length === undefined
        ? String.fromCharCode(0xdc00 + bytes.readUInt8(at))
        : bytes.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return name;
}

export function nameToBytes(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name, 'utf8');
  const parts = Array.from(name, character => {
    const code = character.charCodeAt(0);
    return character.length === 1 && code >= 0xdc80 && code <= 0xdcff
      ? Buffer.of(code - 0xdc00)
      : Buffer.from(character, 'utf8');
  });
  return Buffer.concat(parts);
}
