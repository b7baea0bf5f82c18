import {once} from 'node:events';
import {Readable} from 'node:stream';
import {finished} from 'node:stream/promises';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test, vi} from 'vitest';

import {FieldReader, FieldWriter} from '../../src/link/fields.ts';
import {frameType, type Frame} from '../../src/link/frames.ts';
import {openLink, type OutputRecord, type ProcessSpec} from '../../src/link/link.ts';
import {messageType} from '../../src/link/messages.ts';
import {ScriptedAgent} from '../fakes/scripted-agent.ts';

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
const everything = {
  channels: 'both',
  follow: true,
  waitForRun: false,
  keep: false,
  from: {at: 'start'},
} as const;

function problem(errno: number, text: string): Buffer {
  return new FieldWriter().u32(errno).bytes(text).finish();
}

function windowOf(more: number): Buffer {
  return new FieldWriter().u32(more).finish();
}

/** The bytes that WINDOW frames have granted. */
function granted(frames: Frame[]): number {
  return frames
    .filter(frame => frame.type === frameType.window)
    .reduce((sum, frame) => sum + frame.payload.readUInt32BE(0), 0);
}

test('a refused dial rejects with the name of the errno', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open) self.send(frameType.reset, frame.stream, problem(111, '127.0.0.1:80'));
  });
  const link = openLink({dial: agent.dial});

  await expect(link.dial(80)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    errno: 111,
    message: 'ECONNREFUSED: 127.0.0.1:80',
  });
  link.close();
});

test('a dial that is aborted resets its stream', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen(frame => frames.push(frame));
  const link = openLink({dial: agent.dial});

  await expect(link.dial(80, '', AbortSignal.timeout(20))).rejects.toMatchObject({name: 'TimeoutError'});
  await vi.waitUntil(() => frames.some(frame => frame.type === frameType.reset));
  link.close();
});

test('what is written before a connection is made follows without waiting for it', async () => {
  const types: number[] = [];
  await using agent = await ScriptedAgent.listen(frame => types.push(frame.type));
  const link = openLink({dial: agent.dial});
  link.dialNow(80).write('GET /');

  await vi.waitUntil(() => types.length >= 3);
  expect(types).toEqual([frameType.hello, frameType.open, frameType.data]);
  link.close();
});

test('what a server sent before it reset the connection is read before the error', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type !== frameType.open) return;
    self.message(frame.stream, messageType.connected);
    self.send(frameType.data, frame.stream, Buffer.alloc(300_000 / 5, 'a'));
    self.send(frameType.data, frame.stream, Buffer.alloc(300_000 / 5, 'b'));
    self.send(frameType.reset, frame.stream, problem(104, ''));
  });
  const link = openLink({dial: agent.dial});
  const stream = await link.dial(80);
  await sleep(20);

  let size = 0;
  const reading = (async () => {
    for await (const bytes of stream) {
      size += (bytes as Buffer).length;
      await sleep(1);
    }
  })();
  await expect(reading).rejects.toMatchObject({code: 'ECONNRESET'});
  expect(size).toBe(120_000);
  link.close();
});

test('a reset reaches who only writes', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open) self.message(frame.stream, messageType.connected);
    if (frame.type === frameType.data) self.send(frameType.reset, frame.stream, problem(32, ''));
  });
  const link = openLink({dial: agent.dial});
  const stream = await link.dial(80);
  stream.write('x');

  await expect(finished(stream)).rejects.toMatchObject({code: 'EPIPE'});
  link.close();
});

test('a writer waits for the agent to open its window', async () => {
  let received = 0;
  await using agent = await ScriptedAgent.listen(frame => {
    if (frame.type === frameType.data) received += frame.payload.length;
  });
  const link = openLink({dial: agent.dial});
  const stream = link.dialNow(80);
  const written = vi.fn();
  stream.write(Buffer.alloc(300_000), written);

  await vi.waitUntil(() => received === 262_144);
  await sleep(20);
  expect(received).toBe(262_144);
  expect(written).not.toHaveBeenCalled();

  agent.send(frameType.window, 1, windowOf(1_000_000));
  await vi.waitUntil(() => received === 300_000);
  await vi.waitUntil(() => written.mock.calls.length === 1);
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
  await vi.waitUntil(() => size === 1_048_576);
  await vi.waitUntil(() => granted(frames) === 1_048_576);
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

  await vi.waitUntil(() => order.length >= 20);
  const data = order.slice(3);
  expect(data.indexOf(3)).toBeLessThan(12);
  expect(data.indexOf(0)).toBeLessThan(14);
  link.close();
});

test('output is read record by record, however it was cut, and its gaps are told', async () => {
  const records = Buffer.concat([
    record(1, 5n, 'one\n'),
    record(0, 6n, Buffer.from('0000000000000100', 'hex')),
    record(2, 7n, 'two'),
  ]);
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type !== frameType.open) return;
    for (const byte of records) self.send(frameType.data, frame.stream, Buffer.of(byte));
    self.send(frameType.eof, frame.stream);
  });
  const link = openLink({dial: agent.dial});

  const read: OutputRecord[] = await link.output(everything).toArray();

  expect(read).toEqual([
    {channel: 1, time: 5n, bytes: Buffer.from('one\n')},
    {channel: 0, time: 6n, bytes: Buffer.from('0000000000000100', 'hex')},
    {channel: 2, time: 7n, bytes: Buffer.from('two')},
  ]);
  link.close();
});

test('output that is closed early resets its stream', async () => {
  const types: number[] = [];
  await using agent = await ScriptedAgent.listen((frame, self) => {
    types.push(frame.type);
    if (frame.type === frameType.open) self.send(frameType.data, frame.stream, record(1, 1n, 'x'));
  });
  const link = openLink({dial: agent.dial});
  for await (const _ of link.output(everything)) break;

  await vi.waitUntil(() => types.includes(frameType.reset));
  expect(types.slice(1)).toEqual([frameType.open, frameType.eof, frameType.reset]);
  link.close();
});

test('an exec gives its channels in order, its exit code, and ends its stdin', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type !== frameType.open) return;
    self.message(frame.stream, messageType.started, new FieldWriter().u32(9).u64(1n));
    for (let index = 0; index < 100; index += 1)
      self.send(frameType.data, frame.stream, Buffer.from(`${index} `), 1 + (index % 2));
    self.send(frameType.eof, frame.stream);
    self.message(frame.stream, messageType.exit, new FieldWriter().u32(143));
  });
  const link = openLink({dial: agent.dial});
  const exec = link.exec(spec);

  expect(await exec.started).toEqual({pid: 9, startedAt: 1n});
  expect(await exec.exit).toBe(143);
  const output = await textOf(exec.output);
  expect(output).toBe(Array.from({length: 100}, (_, index) => `${1 + (index % 2)}:${index} `).join(''));
  expect(exec.stdin.errored).toMatchObject({code: 'EPIPE'});
  link.close();
});

test('an exec that cannot start says at which stage and why, and no promise is left unhandled', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open)
      self.message(frame.stream, messageType.failed, new FieldWriter().u8(4).u32(2).bytes('nope: not found'));
  });
  const link = openLink({dial: agent.dial});
  const exec = link.exec(spec);

  await expect(exec.started).rejects.toMatchObject({
    name: 'AgentError',
    stage: 4,
    code: 'ENOENT',
    message: 'nope: not found',
  });
  expect(await textOf(exec.output)).toBe('');
  link.close();
});

test('an exec whose output nobody wants any more still ends with its exit code', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen((frame, self) => {
    frames.push(frame);
    if (frame.type === frameType.open)
      for (let index = 0; index < 32; index += 1)
        self.send(frameType.data, frame.stream, Buffer.alloc(32_768), 1);
    if (frame.type === frameType.window && granted(frames) === 1_048_576)
      self.message(frame.stream, messageType.exit, new FieldWriter().u32(0));
  });
  const link = openLink({dial: agent.dial});
  const exec = link.exec(spec);
  exec.output.destroy();

  expect(await exec.exit).toBe(0);
  link.close();
});

test('a detached exec needs no reader, and letting go of one leaves it to the agent', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen(frame => frames.push(frame));
  const link = openLink({dial: agent.dial});
  const exec = link.exec(spec);
  exec.resize(24, 80);
  exec.kill(2);
  exec.detach();

  await expect(exec.exit).rejects.toMatchObject({code: 'ELINKLOST'});
  await vi.waitUntil(() => frames.some(frame => frame.type === frameType.reset));
  expect(frames.map(frame => frame.type)).toEqual([
    frameType.hello,
    frameType.open,
    frameType.message,
    frameType.message,
    frameType.reset,
  ]);
  expect(exec.output.destroyed).toBe(true);
  link.close();
});

test('stdin of a process that has ended fails with EPIPE; ended properly it is left to the agent', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen((frame, self) => {
    frames.push(frame);
    if (frame.type === frameType.data && String(frame.payload) === 'die')
      self.send(frameType.eof, frame.stream);
  });
  const link = openLink({dial: agent.dial});
  const ending = link.stdin({closeOnEnd: true});
  ending.end('all');
  await finished(ending);
  const dying = link.stdin({closeOnEnd: false});
  dying.write('die');

  await expect(finished(dying)).rejects.toMatchObject({code: 'EPIPE'});
  expect(frames.filter(frame => frame.stream === 1).map(frame => frame.type)).toEqual([
    frameType.open,
    frameType.data,
    frameType.eof,
  ]);
  link.close();
});

test('a spec that does not fit a frame is refused with the reason', async () => {
  await using agent = await ScriptedAgent.listen();
  const link = openLink({dial: agent.dial});
  const large = {...spec, env: [`A=${'x'.repeat(70_000)}`]};

  expect(() => link.exec(large)).toThrow(/at most 65535/);
  await expect(link.start(large)).rejects.toMatchObject({code: 'E2BIG'});
  link.close();
});

test('the text of an error is bounded and cannot move the cursor', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    const fields = new FieldReader(frame.payload, 'request');
    if (frame.type !== frameType.message) return;
    fields.u8();
    self.message(
      0,
      messageType.error,
      new FieldWriter()
        .u32(fields.u32())
        .u8(1)
        .u32(3)
        .bytes(`\u001b[2J\u202e${'x'.repeat(9000)}`),
    );
  });
  const link = openLink({dial: agent.dial});

  const error = await link.signal(9).catch((reason: unknown) => reason);
  expect(error).toMatchObject({code: 'ESRCH'});
  const {message} = error as Error;
  expect(message.startsWith('\\u{1b}[2J\\u{202e}xxx')).toBe(true);
  expect(message.length).toBeLessThan(4200);
  link.close();
});

test('a server that only answers after the end of the request can be asked', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.eof) {
      self.message(frame.stream, messageType.connected);
      self.send(frameType.data, frame.stream, Buffer.from('answer'));
      self.send(frameType.eof, frame.stream);
    }
  });
  const link = openLink({dial: agent.dial});
  const stream = link.dialNow(80);
  Readable.from(['question']).pipe(stream);
  const [bytes] = await once(stream, 'data');

  expect(String(bytes)).toBe('answer');
  await finished(stream);
  link.close();
});

function record(channel: number, time: bigint, bytes: string | Buffer): Buffer {
  const content = Buffer.from(bytes as string);
  return Buffer.concat([
    new FieldWriter().u8(channel).u8(0).u16(0).u32(content.length).u64(time).finish(),
    content,
  ]);
}

async function textOf(output: Readable): Promise<string> {
  let text = '';
  for await (const {channel, bytes} of output) text += `${channel}:${bytes}`;
  return text;
}
