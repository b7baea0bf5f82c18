import {expect, test} from 'vitest';

import {ProtocolViolation} from '../../src/link/errors.ts';
import {ReplayLog} from '../../src/link/replay-log.ts';

test('a replay log gives again from any point that is not acknowledged, nothing else, and in pieces that end on a frame', () => {
  const log = new ReplayLog();
  const all = Buffer.from(Array.from({length: 300_000}, (_, index) => (index * 7) & 0xff));
  const ends = new Set([0]);
  let at = 0;
  for (let size = 1; at < all.length; size = (size * 3) % 70_001) {
    log.append(all.subarray(at, at + 1), all.subarray(at + 1, at + size));
    at += size;
    ends.add(Math.min(at, all.length));
  }
  const drain = (): Buffer => {
    const parts: Buffer[] = [];
    for (let part = log.next(); part !== undefined; part = log.next()) {
      parts.push(part);
      expect(ends.has(all.length - log.unsent)).toBe(true);
    }
    return Buffer.concat(parts);
  };

  expect(drain().equals(all)).toBe(true);
  for (const from of [10, 16_384, 20_000, 65_537, 200_000, 299_999]) {
    log.rewind(from);
    expect(drain().equals(all.subarray(from))).toBe(true);
    expect(log.kept).toBe(300_000 - from);
  }
  expect(() => log.rewind(1)).toThrow(ProtocolViolation);
  expect(() => log.acknowledge(300_001)).toThrow(ProtocolViolation);
  log.acknowledge(300_000);
  log.append(Buffer.from('mo'), Buffer.from('re'));
  expect(String(log.next())).toBe('more');
});
