import type {OutputChunk} from '../api/engine.ts';

/** dockerd cuts a line without an end here, too. */
const LONGEST_LINE = 16 * 1024;
const NEWLINE = 0x0a;

/**
 * Cuts output as it was read from the pipes into the lines of a log: one chunk a line, its newline included, with the time of its first byte. A piece without an end
 * comes when it is long, or when nothing follows it. `since` and `until`: nanoseconds since 1970.
 */
export async function* logLines(
  chunks: AsyncIterable<OutputChunk>,
  {since, until}: {since?: bigint | undefined; until?: bigint | undefined},
): AsyncGenerator<OutputChunk> {
  const open = new Map<number, OutputChunk>();
  for await (const chunk of chunks) {
    if (until !== undefined && chunk.time > until) break;
    for (const line of cut(chunk, open)) {
      if (since === undefined || line.time >= since) yield line;
    }
  }
  for (const line of open.values()) {
    if (since === undefined || line.time >= since) yield line;
  }
}

function* cut(chunk: OutputChunk, open: Map<number, OutputChunk>): Generator<OutputChunk> {
  let {bytes} = chunk;
  while (bytes.length > 0) {
    const begun = open.get(chunk.channel);
    const end = bytes.indexOf(NEWLINE) + 1;
    const room = LONGEST_LINE - (begun?.bytes.length ?? 0);
    const take = Math.min(end === 0 ? bytes.length : end, room);
    const line = begun
      ? {...begun, bytes: Buffer.concat([begun.bytes, bytes.subarray(0, take)])}
      : {...chunk, bytes: bytes.subarray(0, take)};
    bytes = bytes.subarray(take);
    if (take === end || line.bytes.length >= LONGEST_LINE) {
      open.delete(chunk.channel);
      yield line;
    } else {
      open.set(chunk.channel, line);
    }
  }
}
