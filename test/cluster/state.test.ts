import {setTimeout as sleep} from 'node:timers/promises';

import {expect, it, vi} from 'vitest';

it.runIf(process.platform === 'linux')('two drivers never work at the same time', async () => {
  vi.stubEnv('XDG_STATE_HOME', `/nowhere/${process.pid}`);
  const {withLock} = await import('./state.ts');
  const signal = AbortSignal.timeout(5000);
  const events: string[] = [];
  const work = (name: string) => async () => {
    events.push(`${name} begins`);
    await sleep(50);
    events.push(`${name} ends`);
  };

  await Promise.all([withLock(signal, work('one')), withLock(signal, work('two'))]);

  expect(events).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
});
