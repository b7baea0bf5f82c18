import {expect, test, vi} from 'vitest';

import {onWake} from '../../src/cluster/wake.ts';

test('a tick that comes much too late by the wall clock is a machine that slept; one second late is none', () => {
  vi.useFakeTimers();
  let woken = 0;
  const stop = onWake(() => woken++);
  try {
    vi.advanceTimersByTime(60_000);
    vi.setSystemTime(Date.now() + 1_000);
    vi.advanceTimersByTime(10_000);
    const before = woken;
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(20_000);

    expect([before, woken]).toEqual([0, 1]);
  } finally {
    stop();
    vi.useRealTimers();
  }
});
