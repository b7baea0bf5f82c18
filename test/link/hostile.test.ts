import {finished} from 'node:stream/promises';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {LinkLost, ProtocolViolation} from '../../src/link/errors.ts';
import {FieldWriter} from '../../src/link/fields.ts';
import {encodeFrame, frameType, type FrameType} from '../../src/link/frames.ts';
import {openLink} from '../../src/link/link.ts';
import {ScriptedAgent} from '../fakes/scripted-agent.ts';
import {plainSpec, wholeOutput, eager, until} from './fixtures.ts';
import {readVectors} from './vectors.ts';

function frame(type: FrameType, stream: number, payload: Buffer = Buffer.alloc(0), flags = 0): Buffer {
  return encodeFrame(type, stream, payload, flags);
}

function u32(...numbers: number[]): Buffer {
  return numbers.reduce((fields, number) => fields.u32(number), new FieldWriter()).finish();
}

const window = Buffer.concat(
  Array.from({length: 17}, () => frame(frameType.data, 1, Buffer.alloc(65_535), 1)),
);

test.each([
  ['an unknown frame', Buffer.from('ff00000000000000', 'hex')],
  ['a second greeting', frame(frameType.welcome, 0, Buffer.alloc(48))],
  ['OPEN', frame(frameType.open, 2, Buffer.of(4))],
  ['DATA on a stream that was never opened', frame(frameType.data, 99, Buffer.of(1))],
  ['DATA on an even stream', frame(frameType.data, 4, Buffer.of(1))],
  ['DATA on stream 0', frame(frameType.data, 0, Buffer.of(1))],
  ['DATA on a channel that the stream lacks', frame(frameType.data, 1, Buffer.of(1), 0)],
  ['DATA beyond the window', window],
  ['DATA after EOF', Buffer.concat([frame(frameType.eof, 1), frame(frameType.data, 1, Buffer.of(1), 1)])],
  ['two EOF', Buffer.concat([frame(frameType.eof, 1), frame(frameType.eof, 1)])],
  ['an EOF with a payload', frame(frameType.eof, 1, Buffer.of(1))],
  ['a window beyond 2^31-1', frame(frameType.window, 1, u32(2 ** 31 - 1))],
  [
    'an ACK of bytes that were never sent',
    frame(frameType.ack, 0, new FieldWriter().u64(2n ** 52n).finish()),
  ],
  ['an ACK beyond all numbers', frame(frameType.ack, 0, Buffer.alloc(8, 0xff))],
  ['a PING without its number', frame(frameType.ping, 0)],
  ['an answer to no request', frame(frameType.message, 0, Buffer.concat([Buffer.of(0x40), u32(77)]))],
  [
    'an answer that is too long',
    frame(frameType.message, 0, Buffer.concat([Buffer.of(0x40), u32(1, 2, 3, 4, 5)])),
  ],
  ['an answer that is too short', frame(frameType.message, 0, Buffer.concat([Buffer.of(0x40), u32(1)]))],
  [
    'an error whose text is longer than its frame',
    frame(frameType.message, 0, Buffer.concat([Buffer.of(0x41), u32(1), Buffer.of(1), u32(2, 0xffff_ffff)])),
  ],
  ['an unknown message', frame(frameType.message, 0, Buffer.of(99))],
  ['an empty message', frame(frameType.message, 0)],
  ['an unknown message on a stream', frame(frameType.message, 1, Buffer.of(99))],
  ['an exit without its code', frame(frameType.message, 1, Buffer.of(0x52))],
])('%s ends the session and not the process', async (_, bytes) => {
  await using agent = await ScriptedAgent.listen();
  const link = openLink({dial: agent.dial, backoff: eager});
  const resets: LinkLost[] = [];
  link.onReset(error => resets.push(error));
  await link.ready();
  const exec = link.exec(plainSpec);
  const start = link.start(plainSpec);
  start.catch(() => {});

  agent.raw(bytes);

  await expect(exec.exit).rejects.toMatchObject({code: 'ELINKLOST', cause: {name: 'ProtocolViolation'}});
  await expect(start).rejects.toBeInstanceOf(LinkLost);
  expect(exec.output.errored).toBeInstanceOf(LinkLost);
  await until(() => link.connected);
  expect(resets.length).toBe(1);
  link.close();
});

test.each([
  ['an endless record', Buffer.from('01000000fffffffe0000000000000000', 'hex')],
  ['a record of no channel', Buffer.from('07000000000000000000000000000000', 'hex')],
  ['a gap without its number', Buffer.from('00000000000000000000000000000000', 'hex')],
])('%s ends the output with a violation', async (_, bytes) => {
  await using agent = await ScriptedAgent.listen((received, self) => {
    if (received.type === frameType.open) self.send(frameType.data, received.stream, bytes);
  });
  const link = openLink({dial: agent.dial});
  await expect(finished(link.output(wholeOutput).resume())).rejects.toBeInstanceOf(ProtocolViolation);
  expect(link.connected).toBe(true);
  link.close();
});

test('a greeting that continues what never was is a new session', async () => {
  await using agent = await ScriptedAgent.listen();
  let dials = 0;
  const link = openLink({
    backoff: eager,
    dial: async signal => {
      dials += 1;
      const duplex = await agent.dial(signal);
      if (dials === 2)
        duplex.unshift(
          frame(
            frameType.welcome,
            0,
            Buffer.concat([Buffer.of(1, 1), new FieldWriter().u64(2 ** 40).finish(), agent.state]),
          ),
        );
      return duplex;
    },
  });
  await link.ready();
  const reset = new Promise(resolve => link.onReset(resolve));
  agent.cut();

  expect(await reset).toMatchObject({message: 'the agent cannot continue the session'});
  await until(() => link.connected);
  link.close();
});

test('an agent that asks without end and does not read does not fill our memory', async () => {
  await using agent = await ScriptedAgent.listen();
  const link = openLink({dial: agent.dial, backoff: eager});
  await link.ready();
  const before = process.memoryUsage().rss;
  const pings = Buffer.concat(Array.from({length: 50_000}, () => frame(frameType.ping, 0, Buffer.alloc(8))));
  for (let index = 0; index < 5; index += 1) {
    agent.raw(pings);
    await sleep(5);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  link.close();
});

test('an agent that never acknowledges loses its session before it fills our memory', async () => {
  await using agent = await ScriptedAgent.listen();
  const link = openLink({dial: agent.dial, backoff: eager});
  const reset = new Promise<LinkLost>(resolve => link.onReset(resolve));
  await link.ready();
  for (let index = 0; index < 300; index += 1) link.exec({...plainSpec, env: [`A=${'x'.repeat(60_000)}`]});

  expect((await reset).message).toContain('not acknowledged');
  expect((await link.ready()).phase).toBe('held');
  link.close();
});

test('bytes at random, and vectors with bytes changed, never end the process', async () => {
  const random = randomNumbers(20_261_122);
  const frames = readVectors()
    .filter(vector => !['RECORD', 'ENTRY', 'HELLO', 'WELCOME'].includes(vector.what))
    .map(vector => vector.bytes);
  await using agent = await ScriptedAgent.listen((_, self) => {
    const bytes = Buffer.from(frames[Math.floor(random() * frames.length)] ?? '');
    for (let change = 0; change < 2; change += 1)
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    if (random() < 0.7) bytes.writeUInt32BE(Math.floor(random() * 8), 4);
    self.raw(bytes);
  });
  const link = openLink({dial: agent.dial, backoff: eager});
  const deadline = performance.now() + 1000;
  let resets = 0;
  link.onReset(() => (resets += 1));
  while (performance.now() < deadline) {
    const exec = link.exec(plainSpec);
    exec.output.resume();
    exec.stdin.write('x');
    link.dialNow(80).resume().write('x');
    link.output(wholeOutput).resume();
    link.stdin({closeOnEnd: false}).write('x');
    link.signal(9).catch(() => {});
    link.apply('/', {}, link.walk('/')).catch(() => {});
    await sleep(1);
  }
  expect(resets).toBeGreaterThan(20);
  link.close();
});

/** A small generator (mulberry32), so that a failure can be repeated. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
