import {expect, test} from 'vitest';

import {createClock} from '../../src/daemon/clock.ts';

test('no time is before, or the same as, the one before it', () => {
  const now = createClock();
  const times = Array.from({length: 100_000}, () => now());

  expect(times.findIndex((time, index) => index > 0 && time <= (times[index - 1] ?? 0n))).toBe(-1);
  expect(Math.abs(Number((times.at(-1) ?? 0n) / 1_000_000n) - Date.now())).toBeLessThan(60_000);
});

test('a clock that was set back is followed', () => {
  const readings = [5000, 5000, 1000];
  const now = createClock(() => readings.shift() ?? 0);

  expect([now(), now(), now()]).toEqual([5_000_000_000n, 5_000_000_001n, 1_000_000_000n]);
});
