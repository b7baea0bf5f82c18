import {type Frame, Reader, TYPE, u32, u8} from './bytes.ts';
import type {TestLink} from './link.ts';

const WINDOW_OUT = 262_144;
const WINDOW_STEP = 262_144;

/** One stream as the daemon sees it: gathers what comes, and grants windows unless told not to. */
export class TestStream {
  readonly link: TestLink;
  readonly id: number;
  chunks: {channel: number; data: Buffer}[] = [];
  messages: {message: number; reader: Reader}[] = [];
  reset: {errno: number; text: string} | undefined;
  ended = false;
  /** Set to false to stop granting windows. */
  grants = true;
  /** Bytes of DATA that may still be sent. */
  credit = WINDOW_OUT;
  #consumed = 0;

  constructor(link: TestLink, id: number) {
    this.link = link;
    this.id = id;
  }

  take(frame: Frame): void {
    const reader = new Reader(frame.payload);
    if (frame.type === TYPE.data) {
      this.chunks.push({channel: frame.flags, data: Buffer.from(frame.payload)});
      this.#consumed += frame.payload.length;
      if (this.grants && this.#consumed >= WINDOW_STEP) this.grant();
    }
    if (frame.type === TYPE.eof) this.ended = true;
    if (frame.type === TYPE.window) this.credit += reader.u32();
    if (frame.type === TYPE.reset) this.reset = {errno: reader.u32(), text: reader.text()};
    if (frame.type === TYPE.msg) this.messages.push({message: reader.u8(), reader});
  }

  /** Gives back the window for all that came. */
  grant(): void {
    if (this.#consumed === 0) return;
    this.link.send(TYPE.window, this.id, u32(this.#consumed));
    this.#consumed = 0;
  }

  /** Sends everything, waiting for credit. */
  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length;) {
      await this.link.until(() => this.credit > 0 || this.reset !== undefined || this.link.closed);
      if (this.reset !== undefined || this.link.closed) return;
      const size = Math.min(this.credit, 32_768, data.length - at);
      this.credit -= size;
      this.link.send(TYPE.data, this.id, data.subarray(at, at + size));
      at += size;
    }
  }

  end(): void {
    this.link.send(TYPE.eof, this.id);
  }

  message(message: number, fields: Uint8Array): void {
    this.link.send(TYPE.msg, this.id, Buffer.concat([u8(message), fields]));
  }

  /** Waits for the agent's EOF or RESET. */
  async finished(): Promise<this> {
    await this.link.until(() => this.ended || this.reset !== undefined || this.link.closed);
    return this;
  }

  /** Waits for a message of this number. */
  async expect(message: number): Promise<Reader> {
    const find = () => this.messages.find(one => one.message === message);
    await this.link.until(() => find() !== undefined || this.reset !== undefined || this.link.closed);
    const found = find();
    if (found === undefined)
      throw new Error(`no message ${message}: ${this.reset?.text ?? 'the connection closed'}`);
    return found.reader;
  }

  /** All DATA of one channel, or of all. */
  data(channel?: number): Buffer {
    return Buffer.concat(
      this.chunks.filter(one => channel === undefined || one.channel === channel).map(one => one.data),
    );
  }

  /** The spool records of an OUTPUT stream. */
  records(): {channel: number; time: bigint; data: Buffer}[] {
    const reader = new Reader(this.data());
    const records = [];
    while (reader.left > 0) {
      const channel = reader.u8();
      reader.take(3);
      const length = reader.u32();
      records.push({channel, time: reader.u64(), data: reader.take(length)});
    }
    return records;
  }

  /** What the process wrote to a channel, out of the records. */
  output(channel?: number): string {
    const wanted = this.records().filter(
      one => one.channel !== 0 && (channel === undefined || one.channel === channel),
    );
    return Buffer.concat(wanted.map(one => one.data)).toString();
  }
}
