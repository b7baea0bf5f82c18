import {Unavailable} from '../errors.ts';

const newline = 0x0a;

/**
 * The lines of a stream, without their line ends. Each byte is copied at most once however small the chunks are. A line above `maxBytes` is an error,
 * an unfinished last line is dropped: the connection was cut within it.
 */
export async function* jsonLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end));
      length += end - start;
      start = end + 1;
      check(length, maxBytes);
      if (length > 0) yield parts.length === 1 ? String(parts[0]) : Buffer.concat(parts, length).toString();
      parts = [];
      length = 0;
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      length += chunk.length - start;
      check(length, maxBytes);
    }
  }
}

function check(length: number, maxBytes: number) {
  if (length > maxBytes) throw new Unavailable(`The API server sent a line of more than ${maxBytes} bytes.`);
}
