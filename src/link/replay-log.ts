import {ProtocolViolation} from './errors.ts';

const slabSize = 16_384;

interface Slab {
  bytes: Buffer;
  start: number;
  used: number;
}

/**
 * The counted frames that were sent and are not yet acknowledged, and those that wait to be sent, in order. Positions are bytes since the session's begin. Frames are
 * copied into slabs: memory stays about as small as the bytes, frames of one tick leave in one piece, and no caller's buffer is kept. A frame lies in one slab, so that
 * every piece to send ends on a frame: uncounted frames go between pieces.
 */
export class ReplayLog {
  #slabs: Slab[] = [];
  #acknowledged = 0;
  #sent = 0;
  #everSent = 0;
  #end = 0;
  #sending = 0;

  /** Bytes that the other side has not acknowledged. */
  get kept(): number {
    return this.#end - this.#acknowledged;
  }

  /** Bytes that have not been handed to the present connection. */
  get unsent(): number {
    return this.#end - this.#sent;
  }

  append(header: Buffer, payload: Buffer): void {
    const length = header.length + payload.length;
    const slab = this.#slabWithRoom(length);
    header.copy(slab.bytes, slab.used);
    payload.copy(slab.bytes, slab.used + header.length);
    slab.used += length;
    this.#end += length;
  }

  /** The next whole frames to send, or undefined if all are sent. */
  next(): Buffer | undefined {
    for (;;) {
      const slab = this.#slabs[this.#sending];
      if (slab === undefined) return undefined;
      const from = this.#sent - slab.start;
      if (from < slab.used) {
        this.#sent = slab.start + slab.used;
        this.#everSent = Math.max(this.#everSent, this.#sent);
        return slab.bytes.subarray(from, slab.used);
      }
      if (this.#sending === this.#slabs.length - 1) return undefined;
      this.#sending += 1;
    }
  }

  /** The other side has everything up to `received`: forget it. An older number than before is no news. */
  acknowledge(received: number): void {
    if (received > this.#everSent)
      throw new ProtocolViolation(`the agent acknowledged ${received} bytes of ${this.#everSent} sent`);
    this.#acknowledged = Math.max(this.#acknowledged, received);
    this.#sent = Math.max(this.#sent, this.#acknowledged);
    for (let slab = this.#slabs[0]; slab !== undefined; slab = this.#slabs[0]) {
      if (slab.start + slab.used > this.#acknowledged) return;
      this.#slabs.shift();
      this.#sending = Math.max(0, this.#sending - 1);
    }
  }

  /** A new connection continues the session: send again from `received`. */
  rewind(received: number): void {
    if (received < this.#acknowledged) {
      throw new ProtocolViolation(
        `the agent wants bytes again from ${received}, but acknowledged ${this.#acknowledged}`,
      );
    }
    this.acknowledge(received);
    this.#sent = received;
    this.#sending = 0;
  }

  #slabWithRoom(length: number): Slab {
    const last = this.#slabs.at(-1);
    if (last !== undefined && last.bytes.length - last.used >= length) return last;
    const slab = {bytes: Buffer.allocUnsafe(Math.max(slabSize, length)), start: this.#end, used: 0};
    this.#slabs.push(slab);
    return slab;
  }
}
