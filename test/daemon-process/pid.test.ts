import {spawn} from 'node:child_process';
import {once} from 'node:events';

import {expect, test} from 'vitest';

import {signalProcess, startTicks} from '../../src/daemon/pid.ts';

test('a process is known by its pid and its start; the same pid with another start gets no signal', async () => {
  const child = spawn('sleep', ['30']);
  const pid = child.pid ?? 0;
  const ticks = (await startTicks(pid)) ?? '';

  expect(await signalProcess({pid, startTicks: `${ticks}0`}, 'SIGKILL')).toBe(false);
  expect(await startTicks(pid)).toBe(ticks);

  expect(await signalProcess({pid, startTicks: ticks}, 'SIGTERM')).toBe(true);
  await once(child, 'exit');
  expect(await startTicks(pid)).toBeUndefined();
});

test.each([0, 1, -1, Number.NaN, 2 ** 40])('pid %d is nobody', async pid => {
  expect(await startTicks(pid)).toBeUndefined();
  expect(await signalProcess({pid, startTicks: ''}, 'SIGTERM')).toBe(false);
});
