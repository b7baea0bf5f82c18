import {expect, test} from 'vitest';

import {Inbox} from '../../src/link/inbox.ts';

test('an inbox of one-byte pieces on changing channels costs little and keeps their order', () => {
  const inbox = new Inbox();
  const count = 300_000;
  const before = process.memoryUsage();
  for (let index = 0; index < count; index += 1) inbox.push(1 + (index % 2), Buffer.of(index & 0xff));
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(40 * 1024 * 1024);

  for (let index = 0; index < count; index += 1) {
    const piece = inbox.take();
    if (piece?.bytes.length !== 1 || piece.bytes[0] !== (index & 0xff) || piece.channel !== 1 + (index % 2))
      throw new Error(`piece ${index} is wrong`);
  }
  expect(inbox.take()).toBeUndefined();
});
