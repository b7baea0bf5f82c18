import {ProtocolViolation} from './errors.ts';
import type {LinkStream} from './link-stream.ts';

/** Reads a stream's bytes in steps of a length that the reader chooses; what is not asked for is not taken, so the agent waits. One read at a time. */
export class StreamReader {
  readonly #stream: () => LinkStream;
  #rest: Buffer | undefined;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: () => LinkStream) {
    this.#stream = stream;
  }

  /** For `onReadable`. */
  received(): void {
    this.#wake?.();
  }

  /** For `onFailed`: every read from now on rejects. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  /** Between 1 and `max` bytes, or undefined at the end of the stream. */
  async some(max: number): Promise<Buffer | undefined> {
    while (this.#rest === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      this.#rest = this.#stream().take()?.bytes;
      if (this.#rest !== undefined) break;
      if (this.#stream().drained) return undefined;
      await new Promise<void>(resolve => (this.#wake = resolve));
    }
    const bytes = this.#rest.subarray(0, max);
    this.#rest = bytes.length < this.#rest.length ? this.#rest.subarray(bytes.length) : undefined;
    return bytes;
  }

  /** Exactly `length` bytes; the end of the stream before them is a ProtocolViolation. The caller bounds `length`. */
  async exactly(length: number): Promise<Buffer> {
    if (this.#rest !== undefined && this.#rest.length > length) {
      const bytes = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      return bytes;
    }
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const part = await this.some(missing);
      if (part === undefined) throw new ProtocolViolation(`the agent ended a stream ${missing} bytes early`);
      parts.push(part);
      missing -= part.length;
    }
    const [first] = parts;
    return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
  }
}
