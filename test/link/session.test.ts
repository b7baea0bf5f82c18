import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {LinkLost} from '../../src/link/errors.ts';
import {frameType} from '../../src/link/frames.ts';
import {openLink} from '../../src/link/link.ts';
import {messageType} from '../../src/link/messages.ts';
import {ScriptedAgent, statePayload} from '../fakes/scripted-agent.ts';
import {plainSpec, eager, until, echo} from './fixtures.ts';

test('a start asked for before there is a connection is answered once there is one', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  let failures = 3;
  const link = openLink({
    backoff: eager,
    dial: async signal => {
      if (failures-- > 0) throw new Error('no route');
      return await agent.dial(signal);
    },
  });

  const started = await link.start(plainSpec);

  expect(started).toEqual({pid: 7, startedAt: 5n});
  expect(link.state).toMatchObject({phase: 'running', run: 1, pid: 7});
  link.close();
});

test('bytes in flight when the connection is cut arrive once and in order', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  const link = openLink({dial: agent.dial, backoff: eager});
  const events: string[] = [];
  link.onLost(() => events.push('lost'));
  link.onResumed(() => events.push('resumed'));
  link.onReset(() => events.push('reset'));
  const stream = await link.dial(80);

  const sent = Array.from({length: 2000}, (_, index) => `line ${index}\n`);
  const received: string[] = [];
  stream.setEncoding('utf8').on('data', (text: string) => received.push(text));
  for (const [index, line] of sent.entries()) {
    stream.write(line);
    if (index % 200 === 100) {
      await sleep(2);
      agent.cut();
    }
  }
  stream.end();
  await new Promise(resolve => stream.once('end', resolve));

  expect(received.join('')).toBe(sent.join(''));
  expect(agent.connections).toBeGreaterThan(3);
  expect(events.slice(0, 2)).toEqual(['lost', 'resumed']);
  expect(events).not.toContain('reset');
  link.close();
});

test('an agent that no longer knows the session ends its streams and requests as lost, and the link goes on', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open) self.message(frame.stream, messageType.connected);
  });
  const link = openLink({dial: agent.dial, backoff: eager});
  const stream = await link.dial(80);
  const start = link.start(plainSpec);
  const reset = new Promise(resolve => link.onReset(resolve));

  agent.forget();
  agent.cut();

  expect(await reset).toBeInstanceOf(LinkLost);
  await expect(start).rejects.toMatchObject({code: 'ELINKLOST'});
  expect(stream.errored).toMatchObject({code: 'ELINKLOST'});
  const next = await link.dial(80);
  expect(next.destroyed).toBe(false);
  link.close();
});

test('an exit that happened without a connection is told once', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  const link = openLink({dial: agent.dial, backoff: eager});
  await link.start(plainSpec);
  const exits: number[] = [];
  link.onExit(state => exits.push(state.exitCode));

  const exited = statePayload({phase: 2, run: 1, pid: 7, startedAt: 5n, exitCode: 3});
  agent.state = exited;
  agent.cut();
  agent.send(frameType.message, 0, Buffer.concat([Buffer.of(messageType.exited), exited]));
  await until(() => link.state?.phase === 'exited' && link.connected);
  (await link.dial(80)).destroy();

  expect(exits).toEqual([3]);
  link.close();
});
