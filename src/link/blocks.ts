/**
 * Cuts a byte stream into blocks: a header of fixed size and a body whose length the header tells. Frames are blocks, and so are the spool's records. A block
 * that lies within one chunk is a view of it; only one that spans chunks is copied, once.
 */
export class Blocks {
  readonly #headerSize: number;
  readonly #bodyLength: (bytes: Buffer, at: number) => number;
  readonly #header: Buffer;
  #headerFilled = 0;
  #block: Buffer | undefined;
  #blockFilled = 0;

  /** `bodyLength` reads the header that starts at `at`; it throws if the header is not acceptable, so that nothing is allocated for it. */
  constructor(headerSize: number, bodyLength: (bytes: Buffer, at: number) => number) {
    this.#headerSize = headerSize;
    this.#bodyLength = bodyLength;
    this.#header = Buffer.alloc(headerSize);
  }

  /** True if what was pushed so far ends within a block. */
  get partial(): boolean {
    return this.#headerFilled > 0 || this.#block !== undefined;
  }

  /** The blocks, header included, that `chunk` completes. Iterate to the end before the next push, or drop the object. */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    let at = 0;
    while (at < chunk.length || this.#complete()) {
      if (this.#block !== undefined) {
        at += this.#fillBlock(this.#block, chunk, at);
        if (this.#complete()) yield this.#finishBlock(this.#block);
        continue;
      }
      if (this.#headerFilled === 0 && chunk.length - at >= this.#headerSize) {
        const end = at + this.#headerSize + this.#bodyLength(chunk, at);
        if (end <= chunk.length) {
          const block = chunk.subarray(at, end);
          at = end;
          yield block;
          continue;
        }
      }
      at += this.#fillHeader(chunk, at);
    }
  }

  #complete(): boolean {
    return this.#block !== undefined && this.#blockFilled === this.#block.length;
  }

  #fillHeader(chunk: Buffer, at: number): number {
    const copied = chunk.copy(
      this.#header,
      this.#headerFilled,
      at,
      at + this.#headerSize - this.#headerFilled,
    );
    this.#headerFilled += copied;
    if (this.#headerFilled === this.#headerSize) {
      this.#block = Buffer.allocUnsafe(this.#headerSize + this.#bodyLength(this.#header, 0));
      this.#header.copy(this.#block);
      this.#blockFilled = this.#headerSize;
      this.#headerFilled = 0;
    }
    return copied;
  }

  #fillBlock(block: Buffer, chunk: Buffer, at: number): number {
    const copied = chunk.copy(block, this.#blockFilled, at, at + block.length - this.#blockFilled);
    this.#blockFilled += copied;
    return copied;
  }

  #finishBlock(block: Buffer): Buffer {
    this.#block = undefined;
    this.#blockFilled = 0;
    return block;
  }
}
