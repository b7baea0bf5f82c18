import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';

import {expect, test} from 'vitest';

import {KIND, TestAgent, exec, execShell, output, shell, stdin} from './agent.ts';
import {SPEC, TYPE, bytes, frame, list, spec, u16, u32, u64, u8} from './bytes.ts';
import {type TestLink, rawSocket} from './link.ts';

const hello = (version = 1, size = 16) => Buffer.concat([u8(version), bytes(randomBytes(size)), u64(0)]);

test.each<[string, Buffer]>([
  ['junk', Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(10))],
  ['a frame that is not HELLO', frame(TYPE.ping, 0, u64(1))],
  ['HELLO of another version', frame(TYPE.hello, 0, hello(2))],
  ['HELLO with a short session', frame(TYPE.hello, 0, hello(1, 15))],
  ['HELLO with more behind it', frame(TYPE.hello, 0, Buffer.concat([hello(), u8(0)]))],
  ['HELLO on a stream', frame(TYPE.hello, 1, hello())],
  ['the largest frame', frame(0xff, 0xffffffff, Buffer.alloc(65_535, 0xff), 0xff)],
])('%s instead of a greeting closes that connection and disturbs no other', async (_, data) => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const socket = await rawSocket(`${agent.directory}/agent.sock`);

  socket.write(data);
  socket.resume();
  await once(socket, 'close');

  expect(await execShell(link, 'echo fine')).toMatchObject({stdout: 'fine\n'});
});

const violations: [string, (link: TestLink) => void][] = [
  ['an unknown frame type', link => link.raw(frame(0x77, 0))],
  ['a second HELLO', link => link.raw(frame(TYPE.hello, 0, hello()))],
  ['ACK of what was never sent', link => link.raw(frame(TYPE.ack, 0, u64(2n ** 63n)))],
  ['a short ACK', link => link.raw(frame(TYPE.ack, 0, u32(0)))],
  ['PING on a stream', link => link.raw(frame(TYPE.ping, 1, u64(0)))],
  ['DATA on stream 0', link => link.raw(frame(TYPE.data, 0, Buffer.from('x')))],
  ['OPEN on stream 0', link => link.raw(frame(TYPE.open, 0, u8(1)))],
  ['a frame for a stream that was never opened', link => link.raw(frame(TYPE.data, 99, Buffer.from('x')))],
  ['OPEN with an even id', link => link.raw(frame(TYPE.open, 2, Buffer.concat([u8(1), u8(0)])))],
  ['OPEN of an unknown kind', link => void link.stream(9, u8(0))],
  ['OPEN without fields', link => void link.stream(KIND.exec, Buffer.alloc(0))],
  ['OPEN with more behind it', link => void link.stream(KIND.stdin, Buffer.from([0, 0]))],
  ['an id used twice', link => void [1, 2].map(() => link.raw(frame(TYPE.open, 101, Buffer.from([1, 0]))))],
  ['EXEC with a list longer than the frame', link => void link.stream(KIND.exec, u32(0xffffffff))],
  ['OUTPUT of no channel', link => void link.stream(KIND.output, Buffer.alloc(11))],
  ['an unknown message', link => link.send(TYPE.msg, 0, Buffer.from([0x99, 0, 0, 0, 1]))],
  ['an empty message', link => link.send(TYPE.msg, 0)],
  ['START with a cut SPEC', link => void link.request(1, spec({argv: ['true']}).subarray(0, -1))],
  ['DATA beyond the window', tooMuch],
  ['WINDOW beyond 2^31-1', link => link.send(TYPE.window, stdin(link).id, u32(0x7fffffff))],
  ['a short WINDOW', link => link.send(TYPE.window, stdin(link).id, u16(1))],
  ['two EOFs', link => void [stdin(link, 0)].map(one => (one.end(), one.end()))],
  [
    'DATA after EOF',
    link => void [stdin(link, 0)].map(one => (one.end(), link.send(TYPE.data, one.id, u8(0)))),
  ],
  ['DATA on OUTPUT', link => link.send(TYPE.data, output(link).id, u8(0))],
  ['MSG on STDIN', link => link.send(TYPE.msg, stdin(link).id, u8(4))],
  ['a malformed RESET', link => link.send(TYPE.reset, stdin(link).id, u8(4))],
  [
    'an EXEC message that is not for the agent',
    link => exec(link, {argv: ['sleep', '9']}).message(0x52, u32(0)),
  ],
];

function tooMuch(link: TestLink): void {
  const stream = stdin(link);
  for (let i = 0; i < 12; i++) link.send(TYPE.data, stream.id, Buffer.alloc(32_768));
}

test.each(violations)('%s ends the session and nothing else', async (_, violate) => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  await shell(link, 'exec sleep 100', {flags: SPEC.stdin});
  link.cut();
  const {state} = await link.open();

  violate(link);
  await link.until(() => link.closed);

  const next = await agent.link();
  expect(await execShell(next, `kill -0 ${state.pid} && echo alive`)).toMatchObject({stdout: 'alive\n'});
  expect(await link.open()).toMatchObject({resumed: false});
});

test('frames cut into single bytes are understood', async () => {
  await using agent = await TestAgent.start();
  const socket = await rawSocket(`${agent.directory}/agent.sock`);
  const got: Buffer[] = [];
  socket.on('data', (data: Buffer) => got.push(data));
  socket.setNoDelay(true);

  for (const byte of Buffer.concat([frame(TYPE.hello, 0, hello()), frame(TYPE.ping, 0, u64(42))])) {
    socket.write(u8(byte));
    await new Promise(resolve => setImmediate(resolve));
  }

  await expect.poll(() => Buffer.concat(got).subarray(-16)).toEqual(frame(TYPE.pong, 0, u64(42)));
  socket.destroy();
});

test('random bytes after the greeting never harm the agent', async () => {
  await using agent = await TestAgent.start();
  for (let i = 0; i < 60; i++) {
    const socket = await rawSocket(`${agent.directory}/agent.sock`);
    socket.resume();
    const junk = Array.from({length: 20}, () =>
      frame(
        0x10 + Math.floor(Math.random() * 6),
        Math.floor(Math.random() * 4),
        randomBytes(Math.random() * 60),
      ),
    );
    socket.end(Buffer.concat([frame(TYPE.hello, 0, hello()), ...junk]));
    await once(socket, 'close');
  }

  const link = await agent.link();
  expect(await execShell(link, 'echo fine')).toMatchObject({stdout: 'fine\n'});
});

test('more streams than the agent allows are refused one by one', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  const streams = Array.from({length: 1030}, () => stdin(link));
  const refused = () => streams.filter(one => one.reset?.errno === 24).length;
  await link.until(() => refused() >= 6);
  await link.ping();

  expect(refused()).toBe(6);
});

test('a connection that says nothing is closed after a while', async () => {
  await using agent = await TestAgent.start();
  const socket = await rawSocket(`${agent.directory}/agent.sock`);
  socket.resume();
  const begun = Date.now();

  await once(socket, 'close');

  expect(Date.now() - begun).toBeGreaterThan(4000);
}, 10_000);

test('a peer that asks without end and reads nothing costs no memory', async () => {
  await using agent = await TestAgent.start();
  const socket = await rawSocket(`${agent.directory}/agent.sock`);
  socket.pause();
  socket.write(frame(TYPE.hello, 0, hello()));
  const pings = Buffer.concat(Array.from({length: 4096}, () => frame(TYPE.ping, 0, u64(1))));
  const before = memory(agent);

  for (let i = 0; i < 100; i++) socket.write(pings);
  await new Promise(resolve => setTimeout(resolve, 300));

  expect(memory(agent) - before).toBeLessThan(2000);
  socket.destroy();
});

function memory(agent: TestAgent): number {
  const [, size = '0'] =
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agent.process.pid}/status`, 'utf8')) ?? [];
  return Number(size);
}

test('a SPEC with a zero byte or an empty program is refused', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const rest = Buffer.concat([list([]), bytes(''), bytes(''), list([]), u8(0), u16(0), u16(0)]);

  for (const argv of [['a\0b'], [''], []]) {
    const {message, reader} = await link.request(1, Buffer.concat([list(argv), rest]));
    expect([message, reader.u8(), reader.u32()]).toEqual([0x41, 1, 22]);
  }
});
