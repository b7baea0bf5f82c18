import {expect, test} from 'vitest';

import {ProtocolViolation} from '../../src/link/errors.ts';
import {ReplayLog} from '../../src/link/replay-log.ts';

test('a replay log gives again from any point that is not acknowledged, and nothing else', () => {
  const log = new ReplayLog();
  const all = Buffer.from(Array.from({length: 300_000}, (_, index) => (index * 7) & 0xff));
  let at = 0;
  for (let size = 1; at < all.length; size = (size * 3) % 70_001) {
    log.append(all.subarray(at, at + size));
    at += size;
  }
  const drain = (): Buffer => {
    const parts: Buffer[] = [];
    for (let part = log.next(); part !== undefined; part = log.next()) parts.push(part);
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
  log.append(Buffer.from('more'));
  expect(String(drain())).toBe('more');
});
