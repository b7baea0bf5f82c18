import {Readable} from 'node:stream';

import type {AttachOptions, LogOptions, OutputChunk} from '../api/engine.ts';
import type {OutputRecord} from '../link/link.ts';
import type {Container} from './container.ts';
import {logLines} from './log-lines.ts';

/**
 * The output of a container as an attached client reads it: from its first byte on when it attached before the start. A Pod that is lost on the way says why, on
 * stderr, where a person looks.
 */
export function attachedOutput(container: Container, options: AttachOptions): Readable {
  const channels = channelsOf(options);
  const {agent} = container;
  if (agent === undefined || channels === undefined || (!options.stream && !options.logs))
    return Readable.from([]);
  const records = agent.link.output({
    channels,
    follow: options.stream,
    waitForRun: options.stream && !container.running,
    // The process waits for a slow client, as it would on a pipe.
    keep: options.stream,
    from: options.logs ? {at: 'start'} : {at: 'end'},
  });
  return streamOf(chunks(records, container), records);
}

/** `docker logs`, a line a chunk. */
export function containerLogs(container: Container, options: LogOptions): Readable {
  const channels = channelsOf(options);
  const {agent} = container;
  if (agent === undefined || channels === undefined || (options.tail === 0 && !options.follow))
    return Readable.from([]);
  const records = agent.link.output({
    channels,
    follow: options.follow,
    waitForRun: false,
    keep: false,
    from: logStart(options),
  });
  options.signal.addEventListener('abort', () => records.destroy(), {once: true});
  return streamOf(logLines(chunks(records, container), options), records);
}

function logStart({tail, since}: LogOptions) {
  // Both: the agent goes back by lines, and `logLines` drops what is too old.
  if (tail !== undefined && tail >= 0) return {tail};
  if (since !== undefined) return {since};
  return {at: 'start'} as const;
}

function channelsOf({
  stdout,
  stderr,
}: {
  stdout: boolean;
  stderr: boolean;
}): 'stdout' | 'stderr' | 'both' | undefined {
  if (stdout && stderr) return 'both';
  if (stdout) return 'stdout';
  return stderr ? 'stderr' : undefined;
}

async function* chunks(records: Readable, container: Container): AsyncGenerator<OutputChunk> {
  try {
    for await (const {channel, time, bytes} of records as AsyncIterable<OutputRecord>) {
      if (channel === 0) yield {channel: 3, time, bytes: Buffer.from(gapText(bytes))};
      else yield {channel, time, bytes};
    }
  } catch (error) {
    const reason = lossOf(container);
    if (reason === undefined) throw error;
    if (reason !== '') yield {channel: 2, time: 0n, bytes: Buffer.from(`${reason}\n`)};
  }
}

/** Why the output ended before the process did: undefined = an error of the link, '' = we ended it ourselves. */
function lossOf(container: Container): string | undefined {
  if (container.removing || container.agent !== undefined) return container.removing ? '' : undefined;
  return container.state.error;
}

function gapText(bytes: Buffer): string {
  const lost = bytes.length >= 8 ? bytes.readBigUInt64BE(0) : 0n;
  return `${lost} bytes of output were rotated away before this reader took them\n`;
}

/** Destroying the stream ends what it reads from. */
function streamOf(chunksOf: AsyncGenerator<OutputChunk>, records: Readable): Readable {
  const stream = Readable.from(chunksOf, {objectMode: true, highWaterMark: 4});
  stream.once('close', () => records.destroy());
  return stream;
}
