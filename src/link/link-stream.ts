import {type LinkLost, ProtocolViolation, resetError} from './errors.ts';
import {FieldReader, FieldWriter} from './fields.ts';
import {frameType, type Frame, type FrameType} from './frames.ts';
import {Inbox} from './inbox.ts';

/** PROTOCOL.md, "Streams": the windows at the beginning. */
const towardsAgent = 262_144;
const towardsDaemon = 1_048_576;
const maxWindow = 2 ** 31 - 1;
/** Half a frame's most: a stream in bulk does not keep the others waiting long, and the window holds a whole number of them. */
const dataSize = 32_768;

/** What a stream needs of the link. */
export interface StreamCarrier {
  send(frame: {type: FrameType; flags?: number; stream: number; payload: Buffer}): void;
  /** The stream has bytes to send and credit; `sendOne` is called when it is its turn. */
  await(stream: LinkStream): void;
  gone(stream: LinkStream): void;
}

export interface StreamOptions {
  /** Which channels the agent's DATA may have. */
  channels: readonly number[];
  /** True if a message of the agent ends the stream, not the two ends of its directions (EXEC). */
  endsByMessage?: boolean;
  /** There are new bytes to take, or the agent's end has come. */
  onReadable(): void;
  onMessage?(message: number, fields: FieldReader): void;
  /** The agent's RESET, or the session's end. Nothing more comes; what was received may still be taken. */
  onFailed(error: Error): void;
}

/** One open stream: its two windows and ends, and what was received and not yet taken. The Node streams are built upon it. */
export class LinkStream {
  readonly id: number;
  readonly #carrier: StreamCarrier;
  readonly #options: StreamOptions;
  readonly #inbox = new Inbox();
  #credit = towardsAgent;
  #allowance = towardsDaemon;
  #taken = 0;
  #outgoing: {bytes: Buffer; sent: () => void} | undefined;
  #ended = false;
  #otherEnded = false;
  #gone = false;

  constructor(id: number, carrier: StreamCarrier, options: StreamOptions) {
    this.id = id;
    this.#carrier = carrier;
    this.#options = options;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** All that was received is taken. */
  get empty(): boolean {
    return this.#inbox.empty;
  }

  /** The agent has ended its direction, not by RESET, and all of it is taken. */
  get drained(): boolean {
    return this.#otherEnded && this.#inbox.empty;
  }

  /** The next received bytes. Taking is what lets the agent send more. */
  take(): {channel: number; bytes: Buffer} | undefined {
    const piece = this.#inbox.take();
    if (piece === undefined) return undefined;
    this.#taken += piece.bytes.length;
    if (this.#taken >= towardsDaemon / 4 && !this.#otherEnded && !this.#gone) {
      this.#allowance += this.#taken;
      this.#send(frameType.window, new FieldWriter().u32(this.#taken).finish());
      this.#taken = 0;
    }
    return piece;
  }

  /** Sends bytes as the agent's window allows and calls `sent` when all have left; one write at a time. On a stream that is gone `sent` is never called. */
  write(bytes: Buffer, sent: () => void): void {
    if (this.#gone || this.#ended) return;
    if (bytes.length === 0) {
      sent();
      return;
    }
    this.#outgoing = {bytes, sent};
    if (this.#credit > 0) this.#carrier.await(this);
  }

  /** One DATA frame. True if the next could follow at once. */
  sendOne(): boolean {
    const outgoing = this.#outgoing;
    if (outgoing === undefined || this.#credit === 0 || this.#gone) return false;
    const length = Math.min(outgoing.bytes.length, this.#credit, dataSize);
    this.#send(frameType.data, outgoing.bytes.subarray(0, length));
    this.#credit -= length;
    if (length < outgoing.bytes.length) {
      outgoing.bytes = outgoing.bytes.subarray(length);
      return this.#credit > 0;
    }
    this.#outgoing = undefined;
    outgoing.sent();
    return false;
  }

  /** Half-close: nothing more comes from us. */
  end(): void {
    if (this.#ended || this.#gone) return;
    this.#ended = true;
    this.#send(frameType.eof, Buffer.alloc(0));
    this.#leaveIfBothEnded();
  }

  message(message: number, fields = new FieldWriter()): void {
    if (!this.#gone) this.#send(frameType.message, Buffer.concat([Buffer.of(message), fields.finish()]));
  }

  /** Ends both directions now, unless they have ended. `errno` is Linux's; 125 is ECANCELED. */
  reset(errno = 125): void {
    if (this.#gone) return;
    this.#send(frameType.reset, new FieldWriter().u32(errno).bytes('').finish());
    this.#inbox.clear();
    this.#leave();
  }

  /** A message of the agent has said that it is over. What was received may still be taken. */
  finish(): void {
    this.#otherEnded = true;
    this.#leave();
  }

  /** The session has ended. */
  lose(error: LinkLost): void {
    if (this.#gone) return;
    this.#leave();
    this.#inbox.clear();
    this.#options.onFailed(error);
  }

  receive(frame: Frame): void {
    switch (frame.type) {
      case frameType.data:
        return this.#receiveData(frame.flags, frame.payload);
      case frameType.eof:
        if (frame.payload.length > 0) throw new ProtocolViolation('the agent sent an EOF with a payload');
        if (this.#otherEnded) throw new ProtocolViolation('the agent ended a stream twice');
        this.#otherEnded = true;
        this.#leaveIfBothEnded();
        return this.#options.onReadable();
      case frameType.reset: {
        const fields = new FieldReader(frame.payload, 'RESET');
        const error = resetError(fields.u32(), fields.text());
        fields.end();
        this.#leave();
        return this.#options.onFailed(error);
      }
      case frameType.window:
        return this.#receiveWindow(new FieldReader(frame.payload, 'WINDOW'));
      case frameType.message: {
        const fields = new FieldReader(frame.payload, 'message');
        const message = fields.u8();
        if (this.#options.onMessage === undefined)
          throw new ProtocolViolation(`the agent sent message ${message} where none belongs`);
        return this.#options.onMessage(message, fields);
      }
      default:
        throw new ProtocolViolation(`the agent sent a frame of type ${frame.type} on an open stream`);
    }
  }

  #receiveData(channel: number, bytes: Buffer): void {
    if (this.#otherEnded) throw new ProtocolViolation('the agent sent DATA after EOF');
    if (!this.#options.channels.includes(channel))
      throw new ProtocolViolation(`the agent sent DATA on the channel ${channel}`);
    if (bytes.length > this.#allowance) throw new ProtocolViolation('the agent sent DATA beyond its window');
    if (bytes.length === 0) return;
    this.#allowance -= bytes.length;
    this.#inbox.push(channel, bytes);
    this.#options.onReadable();
  }

  #receiveWindow(fields: FieldReader): void {
    this.#credit += fields.u32();
    fields.end();
    if (this.#credit > maxWindow) throw new ProtocolViolation('the agent opened a window beyond 2^31-1');
    if (this.#outgoing !== undefined && this.#credit > 0) this.#carrier.await(this);
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#outgoing = undefined;
    this.#carrier.gone(this);
  }

  #send(type: FrameType, payload: Buffer): void {
    this.#carrier.send({type, stream: this.id, payload});
  }

  #leaveIfBothEnded(): void {
    if (this.#ended && this.#otherEnded && this.#options.endsByMessage !== true) this.#leave();
  }
}
