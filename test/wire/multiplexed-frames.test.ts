import {expect, test} from 'vitest';

import {multiplexedFrame, systemErrorFrame} from '../../src/wire/multiplexed-frames.ts';

test('a frame is its channel, three zeros, its length and the very bytes that were given', () => {
  const payload = Buffer.alloc(258);

  const [head, rest] = multiplexedFrame(2, payload);

  expect([...head]).toEqual([2, 0, 0, 0, 0, 0, 1, 2]);
  expect(rest).toBe(payload);
});

test("the engine's own error is channel 3", () => {
  const [head, payload] = systemErrorFrame('gone');

  expect([...head]).toEqual([3, 0, 0, 0, 0, 0, 0, 4]);
  expect(payload.toString()).toBe('gone');
});
