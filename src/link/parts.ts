import {ProtocolViolation} from './errors.ts';
import {frameType, maxPayload, type Frame} from './frames.ts';

/** PROTOCOL.md, "Bytes": the payload of this OPEN or MSG goes on in the next frame of its stream. */
const continued = 0x80;

/** The most that an OPEN or MSG may carry in all its parts. */
export const maxWhole = 2 * 1024 * 1024;

type Outgoing = Pick<Frame, 'type' | 'stream' | 'payload'> & {flags?: number};

/** The frames that carry `frame`: itself if it fits, else its parts, to be sent back to back. `size` is for tests. */
export function partsOf(frame: Outgoing, size = maxPayload): Outgoing[] {
  const {payload} = frame;
  if (payload.length <= size) return [frame];
  if (!hasParts(frame) || payload.length > maxWhole)
    throw new RangeError(`a frame of type ${frame.type} with ${payload.length} bytes`);
  return Array.from({length: Math.ceil(payload.length / size)}, (_, index) => {
    const end = (index + 1) * size;
    const flags = end < payload.length ? continued : 0;
    return {...frame, flags, payload: payload.subarray(index * size, end)};
  });
}

/** Joins the parts that arrive. One message at a time in a session, which outlives a connection that is cut between two parts. */
export class Parts {
  #pending: Pick<Frame, 'type' | 'stream'> | undefined;
  #bytes = Buffer.alloc(0);
  #used = 0;

  /** The frame as it came, or joined if it is a last part; undefined while more parts are to come. Throws ProtocolViolation. */
  take(frame: Frame): Frame | undefined {
    const more = hasParts(frame) && (frame.flags & continued) !== 0;
    const pending = this.#pending;
    // Frames of other streams may come between.
    if (!more && frame.stream !== pending?.stream) return frame;
    if (pending !== undefined && (frame.stream !== pending.stream || frame.type !== pending.type))
      throw new ProtocolViolation('the agent sent another frame between the parts of one');
    // A part without bytes would let it go on for ever.
    if (more && frame.payload.length === 0) throw new ProtocolViolation('the agent sent an empty part');
    this.#add(frame.payload);
    if (more) {
      this.#pending = {type: frame.type, stream: frame.stream};
      return undefined;
    }
    const payload = this.#bytes.subarray(0, this.#used);
    this.#pending = undefined;
    this.#bytes = Buffer.alloc(0);
    this.#used = 0;
    return {...frame, payload};
  }

  // Copied, or a part of one byte would hold the chunk that it came in.
  #add(payload: Buffer): void {
    const length = this.#used + payload.length;
    if (length > maxWhole)
      throw new ProtocolViolation(`the agent sent parts of more than ${maxWhole} bytes in all`);
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#used);
      this.#bytes = larger;
    }
    payload.copy(this.#bytes, this.#used);
    this.#used = length;
  }
}

function hasParts(frame: Pick<Frame, 'type'>): boolean {
  return frame.type === frameType.open || frame.type === frameType.message;
}
