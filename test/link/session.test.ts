import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test, vi} from 'vitest';

import {LinkLost} from '../../src/link/errors.ts';
import {FieldReader, FieldWriter} from '../../src/link/fields.ts';
import {encodeFrame, frameType, type Frame} from '../../src/link/frames.ts';
import {openLink} from '../../src/link/link.ts';
import {messageType, type ProcessSpec} from '../../src/link/messages.ts';
import {ScriptedAgent, statePayload} from '../fakes/scripted-agent.ts';

const spec: ProcessSpec = {
  argv: ['cat'],
  env: [],
  cwd: '',
  user: '',
  groups: [],
  tty: false,
  stdin: true,
  stdinOnce: false,
  detached: false,
  rows: 0,
  columns: 0,
};
const backoff = {minMs: 1, maxMs: 5, healthyMs: 0};

/** Echoes dialled bytes, and answers START with pid 7. */
function echo(frame: Frame, agent: ScriptedAgent): void {
  if (frame.type === frameType.open) agent.message(frame.stream, messageType.connected);
  if (frame.type === frameType.data) {
    agent.send(frameType.window, frame.stream, new FieldWriter().u32(frame.payload.length).finish());
    agent.send(frameType.data, frame.stream, Buffer.from(frame.payload));
  }
  if (frame.type === frameType.eof) agent.send(frameType.eof, frame.stream);
  if (frame.type === frameType.message && frame.stream === 0) {
    const fields = new FieldReader(frame.payload, 'request');
    fields.u8();
    agent.message(0, messageType.ok, new FieldWriter().u32(fields.u32()).u32(7).u64(5n));
  }
}

test('a start asked for before there is a connection is answered once there is one', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  let failures = 3;
  const link = openLink({
    backoff,
    dial: async signal => {
      if (failures-- > 0) throw new Error('no route');
      return await agent.dial(signal);
    },
  });

  const started = await link.start(spec);

  expect(started).toEqual({pid: 7, startedAt: 5n});
  expect(link.state).toMatchObject({phase: 'running', run: 1, pid: 7});
  link.close();
});

test('bytes in flight when the connection is cut arrive once and in order', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  const link = openLink({dial: agent.dial, backoff});
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
  const link = openLink({dial: agent.dial, backoff});
  const stream = await link.dial(80);
  const start = link.start(spec);
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
  const link = openLink({dial: agent.dial, backoff});
  await link.start(spec);
  const exits: number[] = [];
  link.onExit(state => exits.push(state.exitCode));

  const exited = statePayload({phase: 2, run: 1, pid: 7, startedAt: 5n, exitCode: 3});
  agent.state = exited;
  agent.cut();
  agent.send(frameType.message, 0, Buffer.concat([Buffer.of(messageType.exited), exited]));
  await vi.waitUntil(() => link.state?.phase === 'exited' && link.connected);
  await (await link.dial(80)).destroy();

  expect(exits).toEqual([3]);
  link.close();
});

test('a dial that finds the container gone closes the link', async () => {
  const link = openLink({
    dial: () => Promise.reject(Object.assign(new Error('the Pod is gone'), {gone: true})),
  });
  const start = link.start(spec);
  start.catch(() => {});
  const closed = new Promise(resolve => link.onClosed(resolve));

  expect(await closed).toMatchObject({code: 'ELINKLOST', message: 'the Pod is gone', cause: {gone: true}});
  await expect(link.ready()).rejects.toMatchObject({code: 'ELINKLOST'});
  await expect(start).rejects.toMatchObject({code: 'ELINKLOST'});
  expect(() => link.exec(spec)).toThrow(LinkLost);
});

test('ready heeds its signal and says meanwhile why there is no connection', async () => {
  const link = openLink({dial: () => Promise.reject(new Error('no route')), backoff});

  await expect(link.ready(AbortSignal.timeout(20))).rejects.toMatchObject({name: 'TimeoutError'});
  expect(link.lastError?.message).toBe('no route');
  link.close();
});

test('a dial that hangs, and an agent that does not greet, are given up', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  let dials = 0;
  const link = openLink({
    backoff,
    dialMs: 10,
    greetingMs: 10,
    dial: async signal => {
      dials += 1;
      if (dials === 1) return await new Promise(() => {});
      const duplex = await agent.dial(signal);
      if (dials === 2) duplex.write = () => true;
      return duplex;
    },
  });

  expect((await link.ready()).phase).toBe('held');
  expect(dials).toBe(3);
  link.close();
});

test('a silent connection is asked, declared dead and replaced; one that answers is kept', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  const link = openLink({dial: agent.dial, backoff, heartbeat: {intervalMs: 10, timeoutMs: 35}});
  await link.ready();
  await sleep(80);
  expect(agent.connections).toBe(1);

  agent.answersPing = false;
  await vi.waitUntil(() => agent.connections > 1);
  link.close();
});

test('a clock that jumps, as after sleep, replaces the connection at once', async () => {
  await using agent = await ScriptedAgent.listen(echo);
  const link = openLink({dial: agent.dial, backoff, heartbeat: {intervalMs: 10}});
  await link.ready();
  const now = Date.now;
  const lost = new Promise<Error>(resolve => link.onLost(resolve));

  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 60_000);
  try {
    expect((await lost).message).toContain('slept');
  } finally {
    clock.mockRestore();
  }
  await vi.waitUntil(() => link.connected);
  link.close();
});

test('what is received is acknowledged after each 64 KiB', async () => {
  const acks: number[] = [];
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.ack) acks.push(new FieldReader(frame.payload, 'ACK').count());
    if (frame.type === frameType.eof) {
      for (let index = 0; index < 5; index += 1)
        self.send(frameType.data, frame.stream, Buffer.alloc(65_528 / 2));
      self.send(frameType.eof, frame.stream);
    }
  });
  const link = openLink({dial: agent.dial});
  const stream = link.dialNow(80).end();
  for await (const _ of stream);
  await vi.waitUntil(() => acks.length >= 2);

  expect(acks).toEqual([2 * (32_764 + 8), 4 * (32_764 + 8)].filter(count => count >= 65_536));
  link.close();
});

test('without acknowledgement writing stops at 4 MiB', async () => {
  let received = 0;
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open)
      self.send(frameType.window, frame.stream, new FieldWriter().u32(2 ** 30).finish());
    if (frame.type === frameType.data) received += frame.payload.length;
  });
  const link = openLink({dial: agent.dial});
  await link.ready();
  const stream = link.dialNow(80);
  let taken = 0;
  while (taken < 8 * 1024 * 1024) {
    const written = await Promise.race([
      new Promise<boolean>(resolve => stream.write(Buffer.alloc(65_536), () => resolve(true))),
      sleep(150).then(() => false),
    ]);
    if (!written) break;
    taken += 65_536;
  }

  expect(received).toBeGreaterThan(3.9 * 1024 * 1024);
  expect(received).toBeLessThan(4.2 * 1024 * 1024);
  agent.send(frameType.ack, 0, new FieldWriter().u64(received).finish());
  await vi.waitUntil(() => received > 4.2 * 1024 * 1024 || stream.writableLength === 0);
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
    backoff,
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
