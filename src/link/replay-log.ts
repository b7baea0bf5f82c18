import {ProtocolViolation} from './errors.ts';

const smallSlab = 16_384;
const largeSlab = 65_536;

interface Slab {
  bytes: Buffer;
  start: number;
  used: number;
}

/**
 * The counted bytes that were sent and are not yet acknowledged, and those that wait to be sent, in order. Positions count from the session's begin. Bytes are
 * copied into slabs: memory stays as small as the bytes, frames that were written in one tick leave in one piece, and no caller's buffer is kept.
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

  append(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      const slab = this.#tail(bytes.length - at);
      const copied = bytes.copy(slab.bytes, slab.used, at);
      slab.used += copied;
      at += copied;
      this.#end += copied;
    }
  }

  /** The next bytes to send, or undefined if all are sent. */
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
      if (slab.used < slab.bytes.length) return undefined;
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

  #tail(wanted: number): Slab {
    const last = this.#slabs.at(-1);
    if (last !== undefined && last.used < last.bytes.length) return last;
    const size = Math.max(smallSlab, Math.min(wanted, largeSlab));
    const slab = {bytes: Buffer.allocUnsafe(size), start: this.#end, used: 0};
    this.#slabs.push(slab);
    return slab;
  }
}
