import type {Duplex} from 'node:stream';

import {ProtocolViolation} from './errors.ts';
import {frameBlocks, frameOf, type Frame} from './frames.ts';

/**
 * One connection to the agent, from dial to its end: bytes in, frames out. It never reports twice that it has closed. What `onFrame` throws closes it; anything
 * but a ProtocolViolation is a defect of ours and is thrown on.
 */
export class Connection {
  readonly #duplex: Duplex;
  readonly #onClosed: (error: Error) => void;
  #closed = false;
  /** When the last bytes came, on the clock of `performance.now()`. */
  heardAt = performance.now();

  constructor(duplex: Duplex, handlers: {onFrame: (frame: Frame) => void; onClosed: (error: Error) => void}) {
    this.#duplex = duplex;
    this.#onClosed = handlers.onClosed;
    const blocks = frameBlocks();
    duplex.on('data', (chunk: Buffer) => {
      this.heardAt = performance.now();
      try {
        for (const block of blocks.push(chunk)) {
          if (this.#closed) return;
          handlers.onFrame(frameOf(block));
        }
      } catch (error) {
        this.close(error instanceof Error ? error : new Error(String(error)));
        if (!(error instanceof ProtocolViolation)) throw error;
      }
    });
    // The listener stays after close(): an error that comes late must not end the process.
    duplex.on('error', error => this.close(error));
    duplex.on('end', () => this.close(new Error('the connection to the agent has ended')));
    duplex.on('close', () => this.close(new Error('the connection to the agent was closed')));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that wait in this process to be sent. */
  get queued(): number {
    return this.#duplex.writableLength;
  }

  write(bytes: Buffer, sent?: () => void): void {
    if (this.#closed || !this.#duplex.writable) return;
    this.#duplex.write(bytes, error => {
      if (!error) sent?.();
    });
  }

  close(error: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#duplex.destroy();
    this.#onClosed(error);
  }
}
