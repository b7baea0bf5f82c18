import {ProtocolViolation, shownText} from './errors.ts';

/** Writes a message's fields in order; PROTOCOL.md, "Bytes". A number that does not fit its field throws RangeError, as Buffer does. */
export class FieldWriter {
  #bytes = Buffer.allocUnsafe(256);
  #used = 0;

  u8(value: number): this {
    this.#used = this.#reserve(1).writeUInt8(value, this.#used);
    return this;
  }

  u16(value: number): this {
    this.#used = this.#reserve(2).writeUInt16BE(value, this.#used);
    return this;
  }

  u32(value: number): this {
    this.#used = this.#reserve(4).writeUInt32BE(value, this.#used);
    return this;
  }

  u64(value: bigint | number): this {
    this.#used = this.#reserve(8).writeBigUInt64BE(BigInt(value), this.#used);
    return this;
  }

  bytes(value: Buffer | string): this {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    this.u32(bytes.length);
    bytes.copy(this.#reserve(bytes.length), this.#used);
    this.#used += bytes.length;
    return this;
  }

  list(values: readonly (Buffer | string)[]): this {
    this.u32(values.length);
    for (const value of values) this.bytes(value);
    return this;
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }

  #reserve(more: number): Buffer {
    if (this.#used + more > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#used + more));
      this.#bytes.copy(larger, 0, 0, this.#used);
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}

/** Reads a message's fields in order. What does not fit throws ProtocolViolation with the message's name; `end` must come last. */
export class FieldReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  /** `what` names the message in errors. */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#advance(8));
  }

  /** A u64 that must be a safe integer: a count of bytes or of entries. */
  count(): number {
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.#fail(`the number ${value} is too large`);
    return Number(value);
  }

  /** A u8 that must be 0 or 1. */
  flag(): boolean {
    const value = this.u8();
    if (value > 1) this.#fail(`${value} stands where 0 or 1 must stand`);
    return value === 1;
  }

  /** A view, not a copy. */
  bytes(max: number): Buffer {
    const length = this.u32();
    if (length > max) this.#fail(`a field of ${length} bytes; the most is ${max}`);
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Text for people, made harmless: see `shownText`. */
  text(): string {
    return shownText(this.bytes(65_535));
  }

  /** Nothing may follow the last field. */
  end(): void {
    if (this.#at !== this.#bytes.length)
      this.#fail(`${this.#bytes.length - this.#at} bytes follow its last field`);
  }

  #advance(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at)
      this.#fail(`it ends ${length - (this.#bytes.length - at)} bytes early`);
    this.#at += length;
    return at;
  }

  #fail(problem: string): never {
    throw new ProtocolViolation(`the agent sent a malformed ${this.#what}: ${problem}`);
  }
}
