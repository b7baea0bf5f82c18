import type {Readable} from 'node:stream';

import {ProtocolViolation} from './errors.ts';
import type {LinkStream} from './link-stream.ts';

export interface TapOptions {
  stream: () => LinkStream;
  /** Makes of received bytes what is read. A ProtocolViolation destroys the Readable, and with it the stream. */
  items: (piece: {channel: number; bytes: Buffer}) => Iterable<unknown>;
  /** The last look before the end; may throw as `items`. */
  atEnd?: () => void;
}

/**
 * Moves what a stream received into a Node Readable, at the pace of who reads that: a Readable that is not read takes nothing, and so grants the agent nothing.
 */
export class Tap {
  readonly #readable: Readable;
  readonly #options: TapOptions;
  #wanted = false;
  #moving = false;
  #ended = false;

  constructor(readable: Readable, options: TapOptions) {
    this.#readable = readable;
    this.#options = options;
  }

  /** For `_read`. */
  read(): void {
    this.#wanted = true;
    this.move();
  }

  /** For `onReadable`. */
  move(): void {
    // push() may call read() again; the outer loop goes on then, or the items of one piece would change places.
    if (this.#moving || this.#ended || this.#readable.destroyed) return;
    this.#moving = true;
    try {
      this.#moveAll();
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#readable.destroy(error);
    } finally {
      this.#moving = false;
    }
  }

  #moveAll(): void {
    const stream = this.#options.stream();
    while (this.#wanted) {
      const piece = stream.take();
      if (piece === undefined) break;
      for (const item of this.#options.items(piece)) if (!this.#readable.push(item)) this.#wanted = false;
    }
    if (!stream.drained) return;
    this.#options.atEnd?.();
    this.#ended = true;
    this.#readable.push(null);
  }
}
