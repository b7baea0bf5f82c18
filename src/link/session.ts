import {randomBytes} from 'node:crypto';
import type {Duplex} from 'node:stream';

import {Connection} from './connection.ts';
import {LinkLost, ProtocolViolation} from './errors.ts';
import {FieldReader, FieldWriter} from './fields.ts';
import {
  encodeFrame,
  frameHeader,
  frameType,
  headerSize,
  isCounted,
  type Frame,
  type FrameType,
} from './frames.ts';
import {helloPayload, readWelcome, type AgentState} from './messages.ts';
import {Parts, partsOf} from './parts.ts';
import {ReplayLog} from './replay-log.ts';

const ackEvery = 65_536;
const maxKept = 4 * 1024 * 1024;
const maxQueued = 256 * 1024;
/** Small frames are never held back; an agent that lets this much pile up does not acknowledge at all. */
const hopeless = 16 * 1024 * 1024;

export interface SessionHandlers {
  /** A counted frame, whole: its parts are joined. Throws ProtocolViolation if it is not acceptable. */
  frame(frame: Frame): void;
  greeted(state: AgentState, resumed: boolean): void;
  /** There is room for DATA again. */
  room(): void;
  /** The session is over: its streams and requests are lost. A new one begins with the next connection, or goes on with this one. */
  reset(error: LinkLost): void;
}

/**
 * What outlives a connection: both counts, and the frames that the agent may not have. PROTOCOL.md, "Session". `carry` runs it over one connection after the
 * other; between them frames are kept and nothing fails.
 */
export class Session {
  readonly #handlers: SessionHandlers;
  #id = randomBytes(16);
  #log = new ReplayLog();
  #parts = new Parts();
  #received = 0;
  #acknowledged = 0;
  /** The agent has greeted this session: from now on it can be lost. */
  #established = false;
  #connection: Connection | undefined;
  #greeted = false;
  #flushing = false;

  constructor(handlers: SessionHandlers) {
    this.#handlers = handlers;
  }

  get connected(): boolean {
    return this.#greeted;
  }

  /** When anything was last heard, on the clock of `performance.now()`; undefined without a connection. */
  get heardAt(): number | undefined {
    return this.#greeted ? this.#connection?.heardAt : undefined;
  }

  /** DATA may be sent: little waits here, and the agent acknowledges. Other frames are small and do not ask. */
  get hasRoom(): boolean {
    return this.#log.unsent < maxQueued && this.#log.kept < maxKept;
  }

  /** Sends a counted frame, in parts if it is large, now or when there is a connection. Frames of one tick leave in one piece. */
  send(frame: {type: FrameType; flags?: number; stream: number; payload: Buffer}): void {
    for (const part of partsOf(frame))
      this.#log.append(frameHeader({...part, length: part.payload.length}), part.payload);
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => this.#flush());
  }

  ping(): void {
    if (this.#greeted) this.#sendNow(frameType.ping, 0);
  }

  /** Ends the present connection; the session stays. */
  drop(error: Error): void {
    this.#connection?.close(error);
  }

  /** Ends the session and its connection. What was kept is forgotten. */
  restart(error: LinkLost): void {
    this.#id = randomBytes(16);
    this.#begin();
    this.#established = false;
    this.#connection?.close(error);
    this.#handlers.reset(error);
  }

  /**
   * Greets over a new connection and carries the session until it ends. Resolves with why.
   */
  async carry(duplex: Duplex, options: {greetingMs: number}): Promise<Error> {
    return await new Promise(resolve => {
      const connection = new Connection(duplex, {
        onFrame: frame => {
          if (this.#greeted) this.#receive(frame);
          else {
            clearTimeout(timer);
            this.#greet(frame);
          }
        },
        onClosed: error => {
          clearTimeout(timer);
          this.#detach(error);
          resolve(error);
        },
      });
      const timer = setTimeout(
        () => connection.close(new Error(`the agent did not greet within ${options.greetingMs} ms`)),
        options.greetingMs,
      );
      this.#connection = connection;
      connection.write(encodeFrame(frameType.hello, 0, helloPayload(this.#id, this.#received)));
    });
  }

  #greet(frame: Frame): void {
    if (frame.type !== frameType.welcome)
      throw new ProtocolViolation(`the agent sent a frame of type ${frame.type} before WELCOME`);
    const welcome = readWelcome(frame.payload);
    const lost = this.#established && !welcome.resumed;
    if (lost) this.#begin();
    if (!welcome.resumed && welcome.received !== 0)
      throw new ProtocolViolation('the agent begins a session with a count other than 0');
    try {
      this.#log.rewind(welcome.received);
    } catch (error) {
      // A count that cannot be: this session has no future, while other garbage in a greeting is only a failed connection.
      this.restart(new LinkLost('the agent cannot continue the session', {cause: error}));
      return;
    }
    this.#established = true;
    this.#greeted = true;
    if (lost)
      this.#handlers.reset(
        new LinkLost('the agent no longer knows the session: it was restarted, or another daemon took over'),
      );
    this.#handlers.greeted(welcome.state, welcome.resumed);
    this.#flush();
  }

  #receive(frame: Frame): void {
    if (isCounted(frame.type)) {
      const whole = this.#parts.take(frame);
      if (whole !== undefined) this.#handlers.frame(whole);
      // After the handler: what it did not handle is sent again.
      this.#received += headerSize + frame.payload.length;
      if (this.#received - this.#acknowledged >= ackEvery) {
        if (this.#sendNow(frameType.ack, this.#received)) this.#acknowledged = this.#received;
      }
      return;
    }
    if (frame.type === frameType.welcome || frame.type === frameType.hello)
      throw new ProtocolViolation('the agent greeted twice');
    const fields = new FieldReader(frame.payload, 'ACK, PING or PONG');
    if (frame.type === frameType.ack) {
      this.#log.acknowledge(fields.count());
      this.#handlers.room();
    } else {
      const token = fields.u64();
      if (frame.type === frameType.ping) this.#sendNow(frameType.pong, token);
    }
    fields.end();
  }

  /** An uncounted frame, past what waits. An agent that asks and does not read gets no answer: it must not fill our memory. */
  #sendNow(type: FrameType, number: number | bigint): boolean {
    if (this.#connection === undefined || this.#connection.queued > 2 * maxQueued) return false;
    this.#connection.write(encodeFrame(type, 0, new FieldWriter().u64(number).finish()));
    return true;
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#log.kept > hopeless) {
      this.restart(new LinkLost(`the agent has not acknowledged ${this.#log.kept} bytes`));
      return;
    }
    if (this.#connection === undefined || !this.#greeted) return;
    while (this.#connection.queued < maxQueued) {
      const bytes = this.#log.next();
      if (bytes === undefined) break;
      this.#connection.write(bytes, this.#written);
    }
    if (this.hasRoom) this.#handlers.room();
  }

  readonly #written = (): void => {
    if (this.#log.unsent > 0) this.#flush();
  };

  #detach(error: Error): void {
    const wasGreeted = this.#greeted;
    this.#connection = undefined;
    this.#greeted = false;
    if (wasGreeted && error instanceof ProtocolViolation)
      this.restart(new LinkLost(error.message, {cause: error}));
  }

  #begin(): void {
    this.#log = new ReplayLog();
    this.#parts = new Parts();
    this.#received = 0;
    this.#acknowledged = 0;
  }
}
