import {Duplex} from 'node:stream';

/** Passes a connection's bytes on until `budget` of them have come from the agent, or have gone to it, and then cuts it: in the middle of whatever is under way. */
export function cutting(inner: Duplex, budget: number): Duplex {
  let left = budget;
  const outer = new Duplex({
    read: () => void inner.resume(),
    write: (chunk: Buffer, _encoding, callback) => {
      const part = chunk.subarray(0, left);
      left -= part.length;
      inner.write(part, error => callback(error ?? undefined));
      if (left === 0) outer.destroy();
    },
    destroy: (error, callback) => {
      inner.destroy();
      callback(error);
    },
  });
  inner.on('error', () => outer.destroy());
  inner.on('close', () => outer.destroy());
  inner.on('data', (chunk: Buffer) => {
    if (outer.destroyed) return;
    const part = chunk.subarray(0, left);
    left -= part.length;
    if (!outer.push(part)) inner.pause();
    if (left === 0) setImmediate(() => outer.destroy());
  });
  return outer;
}
