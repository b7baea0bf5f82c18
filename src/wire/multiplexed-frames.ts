/** 1 stdout, 2 stderr, 3 the engine's own error: docker prints it as `error from daemon in stream` and exits 1. */
export type Channel = 1 | 2 | 3;

/**
 * One frame of a multiplexed stream (`stdcopy` in Go): the channel, three zeros, the length as uint32 big-endian, the payload. Head and payload
 * are apart so that nothing is copied: write them together.
 */
export function multiplexedFrame(channel: Channel, payload: Uint8Array): [head: Buffer, payload: Uint8Array] {
  const head = Buffer.alloc(8);
  head[0] = channel;
  head.writeUInt32BE(payload.length, 4);
  return [head, payload];
}

/** The frame that tells a client that its stream was cut: without it docker ends in silence, exit 0. */
export function systemErrorFrame(message: string): [head: Buffer, payload: Uint8Array] {
  return multiplexedFrame(3, Buffer.from(message));
}
