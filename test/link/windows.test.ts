import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test, vi} from 'vitest';

import {FieldReader, FieldWriter} from '../../src/link/fields.ts';
import {frameType, type Frame} from '../../src/link/frames.ts';
import {openLink} from '../../src/link/link.ts';
import {ScriptedAgent} from '../fakes/scripted-agent.ts';
import {until, windowOf, granted} from './fixtures.ts';

test('a writer waits for the agent to open its window', async () => {
  let received = 0;
  await using agent = await ScriptedAgent.listen(frame => {
    if (frame.type === frameType.data) received += frame.payload.length;
  });
  const link = openLink({dial: agent.dial});
  const stream = link.dialNow(80);
  const written = vi.fn<() => void>();
  stream.write(Buffer.alloc(300_000), written);

  await until(() => received === 262_144);
  await sleep(20);
  expect(received).toBe(262_144);
  expect(written).not.toHaveBeenCalled();

  agent.send(frameType.window, 1, windowOf(1_000_000));
  await until(() => received === 300_000);
  await until(() => written.mock.calls.length === 1);
  link.close();
});

test('a reader that pauses lets the agent send no more than its window, and goes on where it was', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen((frame, self) => {
    frames.push(frame);
    if (frame.type === frameType.open)
      for (let index = 0; index < 32; index += 1)
        self.send(frameType.data, frame.stream, Buffer.alloc(32_768, index));
  });
  const link = openLink({dial: agent.dial});
  const stream = link.dialNow(80);
  await sleep(50);
  expect(granted(frames)).toBe(0);

  let size = 0;
  stream.on('data', (bytes: Buffer) => {
    expect(bytes.readUInt8(0)).toBe(Math.floor(size / 32_768));
    size += bytes.length;
  });
  await until(() => size === 1_048_576);
  await until(() => granted(frames) === 1_048_576);
  link.close();
});

test('two streams in bulk take turns, and a request does not wait behind them', async () => {
  const order: number[] = [];
  await using agent = await ScriptedAgent.listen(frame =>
    order.push(frame.type === frameType.message ? 0 : frame.stream),
  );
  const link = openLink({dial: agent.dial});
  const streams = [link.dialNow(80), link.dialNow(81)];
  for (const stream of streams) stream.write(Buffer.alloc(262_144));
  void link.signal(15).catch(() => {});

  await until(() => order.length >= 20);
  const data = order.slice(3);
  expect(new Set(data)).toEqual(new Set([1, 3, 0]));
  expect(data.indexOf(3)).toBeLessThan(12);
  expect(data.indexOf(0)).toBeLessThan(14);
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
  await until(() => acks.length >= 2);

  expect(acks).toEqual([2 * (32_764 + 8), 4 * (32_764 + 8)]);
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
  stream.write(Buffer.alloc(8 * 1024 * 1024));

  await until(() => received > 3.9 * 1024 * 1024);
  await sleep(50);
  expect(received).toBeLessThan(4.1 * 1024 * 1024);
  expect(stream.writableLength).toBeGreaterThan(0);
  agent.send(frameType.ack, 0, new FieldWriter().u64(received).finish());
  await until(() => received > 7.8 * 1024 * 1024);
  link.close();
});

test('an acknowledgement never falls into the middle of a frame that waits', async () => {
  const types: number[] = [];
  let received = 0;
  await using agent = await ScriptedAgent.listen((frame, self) => {
    types.push(frame.type);
    if (frame.type === frameType.open) self.send(frameType.window, frame.stream, windowOf(2 ** 30));
    if (frame.type === frameType.data) received += frame.payload.length;
  });
  const link = openLink({dial: agent.dial});
  const stream = link.dialNow(80).resume();
  await until(() => types.includes(frameType.open));
  await sleep(20);

  agent.pause();
  stream.write(Buffer.alloc(3_000_000));
  await sleep(50);
  for (let index = 0; index < 20; index += 1) agent.send(frameType.data, 1, Buffer.alloc(32_768));
  await sleep(50);
  agent.resume();

  await until(() => received === 3_000_000);
  expect(types.filter(type => type === frameType.ack).length).toBeGreaterThan(5);
  link.close();
});
