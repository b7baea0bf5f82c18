import {ProtocolViolation} from './errors.ts';
import {FieldWriter, type FieldReader} from './fields.ts';
import {frameType} from './frames.ts';
import {readProblem} from './messages.ts';
import type {Session} from './session.ts';

interface Pending {
  resolve(fields: FieldReader): void;
  reject(error: Error): void;
}

/** The requests on stream 0 that the agent has not answered. They are counted frames, so they survive a reconnect. PROTOCOL.md, "Messages". */
export class Requests {
  readonly #session: Pick<Session, 'send'>;
  readonly #pending = new Map<number, Pending>();
  #next = 1;

  constructor(session: Pick<Session, 'send'>) {
    this.#session = session;
  }

  /** Sends a request; `write` adds its fields after the id and returns the payload, `read` reads the OK's. Rejects with AgentError or LinkLost. */
  async send<T>(
    message: number,
    write: (fields: FieldWriter) => Buffer,
    read: (fields: FieldReader) => T,
  ): Promise<T> {
    const id = this.#next;
    const payload = write(new FieldWriter().u8(message).u32(id));
    this.#next = (this.#next % 0xffff_ffff) + 1;
    return await new Promise<T>((resolve, reject) => {
      this.#pending.set(id, {
        // Read at once, so that a malformed answer is a violation and not a rejection.
        resolve: fields => {
          const value = read(fields);
          fields.end();
          resolve(value);
        },
        reject,
      });
      this.#session.send({type: frameType.message, stream: 0, payload});
    });
  }

  ok(fields: FieldReader): void {
    this.#answer(fields, pending => pending.resolve(fields));
  }

  error(fields: FieldReader): void {
    this.#answer(fields, pending => pending.reject(readProblem(fields)));
  }

  lose(error: Error): void {
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }

  // Forgotten only once it is settled: an answer that is malformed throws, and the request is then lost with the session.
  #answer(fields: FieldReader, settle: (pending: Pending) => void): void {
    const id = fields.u32();
    const pending = this.#pending.get(id);
    if (pending === undefined)
      throw new ProtocolViolation(`the agent answered the request ${id}, which was not asked`);
    settle(pending);
    this.#pending.delete(id);
  }
}
