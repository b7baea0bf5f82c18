import {Blocks} from './blocks.ts';
import {ProtocolViolation} from './errors.ts';

const headerSize = 16;
/** The agent cuts output at what one read of a pipe gives, far below this. */
const maxRecord = 1024 * 1024;

/** What the main process wrote in one go. Channel 0 is a gap: `bytes` is a u64, how many bytes rotation has lost here. `time` is nanoseconds since 1970. */
export interface OutputRecord {
  channel: 0 | 1 | 2;
  time: bigint;
  bytes: Buffer;
}

/** Reads spool records (PROTOCOL.md, "Streams") out of DATA, which cuts them freely. */
export class SpoolRecords {
  readonly #blocks = new Blocks(headerSize, (bytes, at) => {
    channelOf(bytes.readUInt8(at));
    const length = bytes.readUInt32BE(at + 4);
    if (length > maxRecord)
      throw new ProtocolViolation(
        `the agent sent an output record of ${length} bytes; the most is ${maxRecord}`,
      );
    return length;
  });

  get partial(): boolean {
    return this.#blocks.partial;
  }

  *push(chunk: Buffer): Generator<OutputRecord, void, undefined> {
    for (const block of this.#blocks.push(chunk)) {
      const channel = channelOf(block.readUInt8(0));
      const bytes = block.subarray(headerSize);
      if (channel === 0 && bytes.length !== 8)
        throw new ProtocolViolation('the agent sent a malformed gap in the output');
      yield {channel, time: block.readBigUInt64BE(8), bytes};
    }
  }
}

function channelOf(byte: number): 0 | 1 | 2 {
  if (byte === 0 || byte === 1 || byte === 2) return byte;
  throw new ProtocolViolation(`the agent sent output of the unknown channel ${byte}`);
}
