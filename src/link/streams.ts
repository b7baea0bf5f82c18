import {LinkLost, ProtocolViolation} from './errors.ts';
import {frameType, type Frame} from './frames.ts';
import {LinkStream, type StreamCarrier, type StreamOptions} from './link-stream.ts';
import type {Session} from './session.ts';

type StreamsSession = Pick<Session, 'send' | 'hasRoom' | 'restart'>;

const maxId = 2 ** 32 - 1;

/** The streams of a session by their ids, and whose turn it is to send. PROTOCOL.md, "Streams". */
export class Streams {
  readonly #session: StreamsSession;
  readonly #open = new Map<number, LinkStream>();
  readonly #waiting = new Set<LinkStream>();
  readonly #carrier: StreamCarrier;
  #nextId = 1;
  #pumping = false;
  #closed: LinkLost | undefined;

  constructor(session: StreamsSession) {
    this.#session = session;
    this.#carrier = {
      send: frame => session.send(frame),
      await: stream => {
        this.#waiting.add(stream);
        this.pump();
      },
      gone: stream => {
        this.#open.delete(stream.id);
        this.#waiting.delete(stream);
      },
    };
  }

  /** Opens a stream with the fields of its kind. Throws LinkLost once the link is closed. */
  open(payload: Buffer, options: StreamOptions): LinkStream {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#nextId > maxId)
      this.#session.restart(new LinkLost('the session has used all of its stream ids'));
    const stream = new LinkStream(this.#nextId, this.#carrier, options);
    this.#nextId += 2;
    this.#open.set(stream.id, stream);
    this.#session.send({type: frameType.open, stream: stream.id, payload});
    return stream;
  }

  receive(frame: Frame): void {
    const stream = this.#open.get(frame.stream);
    if (stream !== undefined) stream.receive(frame);
    else if (frame.stream % 2 === 0 || frame.stream >= this.#nextId) {
      throw new ProtocolViolation(`the agent sent a frame on stream ${frame.stream}, which was never opened`);
    }
    // Otherwise it is gone, and the agent does not know yet.
  }

  /** One frame of each stream that has something to send, in turn, while there is room. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      // A stream that is added again is visited again: the set keeps the order of adding.
      for (const stream of this.#waiting) {
        if (!this.#session.hasRoom) return;
        this.#waiting.delete(stream);
        if (stream.sendOne()) this.#waiting.add(stream);
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** The session has ended: every stream fails, and the next session counts anew. */
  lose(error: LinkLost): void {
    this.#nextId = 1;
    // A copy: who opens a stream at once in place of a lost one must not lose it again.
    const lost = [...this.#open.values()];
    for (const stream of lost) stream.lose(error);
  }

  /** No stream can be opened any more. */
  close(error: LinkLost): void {
    this.#closed = error;
    this.lose(error);
  }
}
