import {addAbortSignal, type Readable} from 'node:stream';

import type {Piece} from '../http/reply.ts';
import {printable} from '../http/status.ts';
import {multiplexedFrame, systemErrorFrame} from '../wire/multiplexed-frames.ts';
import type {OutputChunk} from './engine.ts';

export const rawStream = 'application/vnd.docker.raw-stream';
const multiplexedStream = 'application/vnd.docker.multiplexed-stream';

/** The content type of what a container writes. Before API 1.42 frames, too, went by the name of raw. */
export function outputType({tty, minor}: {tty: boolean; minor: number}): string {
  return tty || minor < 42 ? rawStream : multiplexedStream;
}

/** Why an output ended early that nobody needs to be told of: the client asked for it. */
export class Detached extends Error {}

interface OutputOptions {
  tty: boolean;
  /** aborted when the client is gone: closes the source */
  signal: AbortSignal;
  /** what `logs` puts before a line, in the same frame */
  prefix?: (chunk: OutputChunk) => string;
}

/**
 * A container's output as it goes on the wire: bare with a terminal, in frames without one. If the stream breaks, its last word says so: else
 * docker would print what came and exit as if all were well.
 */
export function outputPieces(output: Readable, options: OutputOptions): AsyncIterable<Piece> {
  // the reader below may come too late for the error that an abort makes of the source
  output.on('error', () => {});
  return pieces(addAbortSignal(options.signal, output), options);
}

async function* pieces(
  output: AsyncIterable<OutputChunk>,
  {tty, signal, prefix}: OutputOptions,
): AsyncGenerator<Piece> {
  try {
    for await (const chunk of output) {
      const payload = prefix ? Buffer.concat([Buffer.from(prefix(chunk)), chunk.bytes]) : chunk.bytes;
      yield tty ? payload : multiplexedFrame(chunk.channel, payload);
    }
  } catch (error) {
    if (error instanceof Detached) return;
    const message = `${printable(messageOf(signal.aborted ? signal.reason : error))}\n`;
    yield tty ? message.replaceAll('\n', '\r\n') : systemErrorFrame(message);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
