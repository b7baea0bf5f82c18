import type {Writable} from 'node:stream';

import type {Piece} from './reply.ts';

/**
 * Writes pieces as they come and waits whenever the reader is slow. Returns when the pieces end or the target is closed, whichever is first;
 * a source that waits for its next piece is expected to end by the request's signal. What the source throws is thrown.
 */
export async function writePieces(target: Writable, pieces: AsyncIterable<Piece>): Promise<void> {
  if (target.destroyed) return;
  const closed = Promise.withResolvers<void>();
  target.once('close', closed.resolve);
  const pumped = pump(target, pieces);
  try {
    await Promise.race([pumped, closed.promise]);
  } finally {
    target.off('close', closed.resolve);
    // when the target closed first, nobody is left to be told how the source ended
    pumped.catch(() => {});
  }
}

async function pump(target: Writable, pieces: AsyncIterable<Piece>): Promise<void> {
  for await (const piece of pieces) {
    if (target.destroyed) return;
    if (!write(target, piece)) await drained(target);
  }
}

function write(target: Writable, piece: Piece): boolean {
  if (typeof piece === 'string' || piece instanceof Uint8Array) return target.write(piece);
  target.cork();
  let room = true;
  for (const part of piece) room = target.write(part);
  target.uncork();
  return room && !target.writableNeedDrain;
}

async function drained(target: Writable): Promise<void> {
  if (target.destroyed || !target.writableNeedDrain) return;
  const {promise, resolve} = Promise.withResolvers<void>();
  target.once('drain', resolve).once('close', resolve);
  await promise;
  target.off('drain', resolve).off('close', resolve);
}
