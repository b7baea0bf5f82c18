import {Blocks} from './blocks.ts';
import {ProtocolViolation} from './errors.ts';

/** PROTOCOL.md, "Bytes": `u8 type | u8 flags | u16 payload length | u32 stream`. */
export const frameType = {
  hello: 0x01,
  welcome: 0x02,
  ack: 0x03,
  ping: 0x04,
  pong: 0x05,
  open: 0x10,
  data: 0x11,
  eof: 0x12,
  reset: 0x13,
  window: 0x14,
  message: 0x15,
} as const;

export type FrameType = (typeof frameType)[keyof typeof frameType];

export interface Frame {
  type: FrameType;
  flags: number;
  stream: number;
  payload: Buffer;
}

export const headerSize = 8;
export const maxPayload = 65_535;

/** Cuts received bytes into frames; `frameOf` reads each. An unknown type throws before anything is allocated for it. */
export function frameBlocks(): Blocks {
  return new Blocks(headerSize, (bytes, at) => {
    const type = bytes.readUInt8(at);
    if (!isFrameType(type)) throw new ProtocolViolation(`the agent sent a frame of the unknown type ${type}`);
    return bytes.readUInt16BE(at + 2);
  });
}

export function frameOf(block: Buffer): Frame {
  const type = block.readUInt8(0);
  if (!isFrameType(type)) throw new ProtocolViolation(`the agent sent a frame of the unknown type ${type}`);
  return {
    type,
    flags: block.readUInt8(1),
    stream: block.readUInt32BE(4),
    payload: block.subarray(headerSize),
  };
}

/** The header alone, so that a payload need not be copied to be sent. */
export function frameHeader(frame: {
  type: FrameType;
  flags?: number;
  stream: number;
  length: number;
}): Buffer {
  if (frame.length > maxPayload)
    throw new RangeError(`a frame of ${frame.length} bytes; the most is ${maxPayload}`);
  const header = Buffer.allocUnsafe(headerSize);
  header.writeUInt8(frame.type, 0);
  header.writeUInt8(frame.flags ?? 0, 1);
  header.writeUInt16BE(frame.length, 2);
  header.writeUInt32BE(frame.stream, 4);
  return header;
}

/** A whole frame as bytes. */
export function encodeFrame(type: FrameType, stream: number, payload: Buffer, flags = 0): Buffer {
  return Buffer.concat([frameHeader({type, flags, stream, length: payload.length}), payload]);
}

/** Counted frames are sent again after a reconnect; the others belong to one connection. */
export function isCounted(type: FrameType): boolean {
  return type >= frameType.open;
}

const known: ReadonlySet<number> = new Set(Object.values(frameType));

function isFrameType(type: number): type is FrameType {
  return known.has(type);
}
