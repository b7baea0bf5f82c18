import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test, vi} from 'vitest';

import {LinkLost} from '../../src/link/errors.ts';
import {encodeFrame, frameType} from '../../src/link/frames.ts';
import {openLink} from '../../src/link/link.ts';
import {ScriptedAgent} from '../fakes/scripted-agent.ts';
import {plainSpec, eager, until, echo} from './fixtures.ts';

test('a dial that finds the container gone closes the link', async () => {
  const link = openLink({
    dial: () => Promise.reject(Object.assign(new Error('the Pod is gone'), {gone: true})),
  });
  const start = link.start(plainSpec);
  start.catch(() => {});
  const closed = new Promise(resolve => link.onClosed(resolve));

  expect(await closed).toMatchObject({code: 'ELINKLOST', message: 'the Pod is gone', cause: {gone: true}});
  await expect(link.ready()).rejects.toMatchObject({code: 'ELINKLOST'});
  await expect(start).rejects.toMatchObject({code: 'ELINKLOST'});
  expect(() => link.exec(plainSpec)).toThrow(LinkLost);
});

test('ready heeds its signal and says meanwhile why there is no connection', async () => {
  const link = openLink({dial: () => Promise.reject(new Error('no route')), backoff: eager});

  await expect(link.ready(AbortSignal.timeout(20))).rejects.toMatchObject({name: 'TimeoutError'});
  expect(link.lastError?.message).toBe('no route');
  link.close();
});

test('a dial that hangs, and an agent that does not greet, are given up', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  let dials = 0;
  const link = openLink({
    backoff: eager,
    dialMs: 150,
    greetingMs: 150,
    dial: async signal => {
      dials += 1;
      if (dials === 1) return await new Promise(() => {});
      const duplex = await agent.dial(signal);
      if (dials === 2) duplex.write = () => true;
      return duplex;
    },
  });

  expect((await link.ready()).phase).toBe('held');
  expect(dials).toBeGreaterThanOrEqual(3);
  link.close();
});

test('a silent connection is asked, declared dead and replaced; one that answers is kept', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  const link = openLink({dial: agent.dial, backoff: eager, heartbeat: {intervalMs: 20, timeoutMs: 80}});
  await link.ready();
  await sleep(250);
  expect(agent.connections).toBe(1);

  agent.answersPing = false;
  await until(() => agent.connections > 1);
  link.close();
});

test('a clock that jumps, as after sleep, replaces the connection at once', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  const link = openLink({dial: agent.dial, backoff: eager, heartbeat: {intervalMs: 10}});
  await link.ready();
  const now = Date.now;
  const lost = new Promise<Error>(resolve => link.onLost(resolve));

  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 60_000);
  try {
    expect((await lost).message).toContain('slept');
  } finally {
    clock.mockRestore();
  }
  await until(() => link.connected);
  link.close();
});

test('a connection that is taken over by another daemon is not fought for in haste', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.hello) {
      self.forget();
      self.cut();
    }
  });
  const link = openLink({dial: agent.dial});
  await link.ready().catch(() => {});
  await sleep(200);

  expect(agent.connections).toBeLessThan(8);
  link.close();
});

test('what an agent sends before its greeting ends the connection, not the session', async () => {
  let garbage = 2;
  await using agent = await ScriptedAgent.listen(echo);
  const link = openLink({
    backoff: eager,
    dial: async signal => {
      const duplex = await agent.dial(signal);
      if (garbage-- > 0)
        duplex.unshift(encodeFrame(frameType.data, 1, Buffer.from('OCI runtime exec failed')));
      return duplex;
    },
  });

  expect((await link.ready()).phase).toBe('held');
  link.close();
});
