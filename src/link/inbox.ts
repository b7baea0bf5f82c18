const small = 2048;
const slabSize = 16_384;

interface Piece {
  bytes: Buffer;
  used: number;
}

/**
 * What a stream received and nobody has taken yet. The window bounds its bytes; small pieces are merged and the channels kept as runs of lengths, so that a
 * window full of one-byte frames costs about as much memory as one full of large ones.
 */
export class Inbox {
  #pieces: Piece[] = [];
  #offset = 0;
  /** length * 4 + channel */
  #runs: number[] = [];
  #firstRun = 0;

  get empty(): boolean {
    return this.#pieces.length === 0;
  }

  /** `channel` is 0 to 3; `bytes` is not empty and is not changed afterwards. */
  push(channel: number, bytes: Buffer): void {
    const last = this.#runs.length - 1;
    const run = this.#runs[last];
    if (last >= this.#firstRun && run !== undefined && run % 4 === channel)
      this.#runs[last] = run + bytes.length * 4;
    else this.#runs.push(bytes.length * 4 + channel);

    const tail = this.#pieces.at(-1);
    if (tail === undefined || bytes.length >= small) {
      this.#pieces.push({bytes, used: bytes.length});
      return;
    }
    if (tail.bytes.length - tail.used >= bytes.length) {
      tail.used += bytes.copy(tail.bytes, tail.used);
      return;
    }
    const slab = Buffer.allocUnsafe(slabSize);
    this.#pieces.push({bytes: slab, used: bytes.copy(slab)});
  }

  /** The next bytes, all of one channel. */
  take(): {channel: number; bytes: Buffer} | undefined {
    const piece = this.#pieces[0];
    const run = this.#runs[this.#firstRun];
    if (piece === undefined || run === undefined) return undefined;
    const channel = run % 4;
    const left = (run - channel) / 4;
    const length = Math.min(left, piece.used - this.#offset);
    const bytes = piece.bytes.subarray(this.#offset, this.#offset + length);

    this.#offset += length;
    if (this.#offset === piece.used) {
      this.#pieces.shift();
      this.#offset = 0;
    }
    if (length < left) this.#runs[this.#firstRun] = run - length * 4;
    else this.#dropRun();
    return {channel, bytes};
  }

  clear(): void {
    this.#pieces = [];
    this.#offset = 0;
    this.#runs = [];
    this.#firstRun = 0;
  }

  // Not shift(): on an array of a million numbers it moves them all.
  #dropRun(): void {
    this.#firstRun += 1;
    if (this.#firstRun === this.#runs.length) {
      this.#runs = [];
      this.#firstRun = 0;
    } else if (this.#firstRun >= 4096) {
      this.#runs.splice(0, this.#firstRun);
      this.#firstRun = 0;
    }
  }
}
