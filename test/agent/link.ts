import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {type Socket, connect} from 'node:net';
import type {Duplex} from 'node:stream';

import {type Frame, Reader, type State, TYPE, bytes, frame, readState, u32, u64, u8} from './bytes.ts';
import {TestStream} from './stream.ts';

const ACK_STEP = 65_536;

export interface Welcome {
  resumed: boolean;
  received: bigint;
  state: State;
}

/** The daemon's side in the smallest form that a test can steer: counts, acknowledges, resumes after a cut. */
export class TestLink {
  readonly session = randomBytes(16);
  readonly streams = new Map<number, TestStream>();
  readonly control: Reader[] = [];
  /** Set to false to stop sending ACK. */
  acknowledges = true;
  closed = false;
  received = 0n;
  #acknowledged = 0n;
  #sent: {end: bigint; frame: Buffer}[] = [];
  #total = 0n;
  #duplex: Duplex | undefined;
  #input: Buffer = Buffer.alloc(0);
  #welcome: ((welcome: Welcome) => void) | undefined;
  #nextStream = 1;
  #nextRequest = 1;
  #answers = new Map<number, (answer: {message: number; reader: Reader}) => void>();
  #waiters: (() => void)[] = [];
  readonly #connect: () => Duplex;

  constructor(target: string | (() => Duplex)) {
    this.#connect = typeof target === 'string' ? () => connect(target) : target;
  }

  /** Greets; after a cut it resumes and sends again what the agent has not received. */
  async open(): Promise<Welcome> {
    const duplex = this.#connect();
    this.#duplex = duplex;
    this.#input = Buffer.alloc(0);
    this.#greeted = false;
    this.closed = false;
    duplex.on('data', (data: Buffer) => duplex === this.#duplex && this.#take(data));
    duplex.on('error', () => undefined);
    duplex.on('close', () => {
      if (duplex !== this.#duplex) return;
      this.closed = true;
      this.#changed();
    });
    const welcome = new Promise<Welcome>(resolve => (this.#welcome = resolve));
    const hello = Buffer.concat([u8(1), bytes(this.session), u64(this.received)]);
    duplex.write(frame(TYPE.hello, 0, hello));
    const answer = await Promise.race([welcome, once(duplex, 'close').then(() => undefined)]);
    if (answer === undefined) throw new Error('the agent closed the connection instead of WELCOME');
    return answer;
  }

  /** Drops the connection without a word, in the middle of whatever is on its way. */
  cut(): void {
    this.#duplex?.destroy();
    this.#duplex = undefined;
  }

  /** Puts bytes on the wire as they are. */
  raw(data: Uint8Array): void {
    this.#duplex?.write(data);
  }

  send(type: number, stream: number, payload?: Uint8Array, flags = 0): void {
    const data = frame(type, stream, payload, flags);
    this.#total += BigInt(data.length);
    this.#sent.push({end: this.#total, frame: data});
    if (this.#greeted) this.#duplex?.write(data);
  }

  /** Only from WELCOME on may frames go out: what was made meanwhile is in `#sent` with the rest. */
  #resume(welcome: Welcome): void {
    this.#greeted = true;
    if (!welcome.resumed) return;
    this.#sent = this.#sent.filter(({end}) => end > welcome.received);
    for (const {frame: again} of this.#sent) this.#duplex?.write(again);
  }
  #greeted = false;

  /** A stream that the test opens itself. */
  reserve(): TestStream {
    const stream = new TestStream(this, this.#nextStream);
    this.#nextStream += 2;
    this.streams.set(stream.id, stream);
    return stream;
  }

  stream(kind: number, fields: Uint8Array): TestStream {
    const stream = this.reserve();
    this.send(TYPE.open, stream.id, Buffer.concat([u8(kind), fields]));
    return stream;
  }

  /** The answer to a request on stream 0. */
  request(message: number, fields: Uint8Array): Promise<{message: number; reader: Reader}> {
    const request = this.#nextRequest++;
    const answer = this.answer(request);
    this.send(TYPE.msg, 0, Buffer.concat([u8(message), u32(request), fields]));
    return answer;
  }

  /** The answer to a request that the test sends itself. */
  answer(request: number): Promise<{message: number; reader: Reader}> {
    return new Promise(resolve => this.#answers.set(request, resolve));
  }

  /** Waits until the predicate holds; it is asked after everything that comes. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.#waiters.push(resolve));
  }

  /** The state in the next EXITED. */
  async exited(): Promise<State> {
    await this.until(() => this.control.length > 0);
    const reader = this.control.shift();
    if (reader === undefined) throw new Error('no EXITED');
    return readState(reader);
  }

  async ping(): Promise<void> {
    this.#ponged = false;
    this.raw(frame(TYPE.ping, 0, u64(7)));
    await this.until(() => this.#ponged || this.closed);
  }
  #ponged = false;

  #changed(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #take(data: Buffer): void {
    this.#input = this.#input.length ? Buffer.concat([this.#input, data]) : data;
    let at = 0;
    while (this.#input.length - at >= 8) {
      const length = this.#input.readUInt16BE(at + 2);
      if (this.#input.length - at < 8 + length) break;
      const [type = 0, flags = 0] = this.#input.subarray(at, at + 2);
      const stream = this.#input.readUInt32BE(at + 4);
      this.#frame({type, flags, stream, payload: this.#input.subarray(at + 8, at + 8 + length)});
      at += 8 + length;
      if (this.#duplex === undefined) return;
    }
    this.#input = this.#input.subarray(at);
    this.#changed();
  }

  #frame(got: Frame): void {
    const reader = new Reader(got.payload);
    if (got.type === TYPE.welcome) {
      reader.u8();
      const welcome = {resumed: reader.u8() === 1, received: reader.u64(), state: readState(reader)};
      if (!welcome.resumed) this.received = this.#acknowledged = 0n;
      this.#resume(welcome);
      this.#welcome?.(welcome);
      return;
    }
    if (got.type === TYPE.pong) this.#ponged = true;
    if (got.type === TYPE.ack) {
      const received = reader.u64();
      this.#sent = this.#sent.filter(({end}) => end > received);
    }
    if (got.type < TYPE.open) return;
    this.received += BigInt(8 + got.payload.length);
    if (got.stream === 0) this.#control(reader);
    else this.streams.get(got.stream)?.take(got);
    if (this.acknowledges && this.received - this.#acknowledged >= BigInt(ACK_STEP)) {
      this.#acknowledged = this.received;
      this.raw(frame(TYPE.ack, 0, u64(this.received)));
    }
  }

  #control(reader: Reader): void {
    const message = reader.u8();
    if (message === 0x42) {
      this.control.push(reader);
      return;
    }
    const request = reader.u32();
    this.#answers.get(request)?.({message, reader});
    this.#answers.delete(request);
  }
}

/** A plain socket that has not greeted. */
export async function rawSocket(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}
