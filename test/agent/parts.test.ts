import {expect, test} from 'vitest';

import {KIND, TestAgent, type StartError, execShell, start} from './agent.ts';
import {type Spec, TYPE, spec, u32, u64, u8} from './bytes.ts';
import type {TestLink} from './link.ts';

const CONTINUED = 0x80;
const FULL = 65_535;
const MOST = 2_097_152;
const E2BIG = 7;
const path = `PATH=${process.env['PATH'] ?? ''}`;

/** Sends one OPEN or MSG in parts; the last has what is left. */
function sendParts(link: TestLink, type: number, stream: number, payload: Buffer): void {
  for (let at = 0; at < payload.length; at += FULL) {
    const flags = at + FULL < payload.length ? CONTINUED : 0;
    link.send(type, stream, payload.subarray(at, at + FULL), flags);
  }
}

/** EXEC in parts; what it writes and how it ends. */
async function execParts(link: TestLink, what: Spec) {
  const stream = link.reserve();
  sendParts(link, TYPE.open, stream.id, Buffer.concat([u8(KIND.exec), spec(what)]));
  stream.end();
  await link.until(() => stream.messages.some(one => one.message === 0x51 || one.message === 0x52));
  const last = stream.messages.at(-1);
  if (last?.message === 0x52) return {code: last.reader.u32(), stdout: stream.data(1).toString()};
  return {stage: last?.reader.u8(), errno: last?.reader.u32()};
}

/** An environment of so many bytes, in strings that execve takes. */
function environment(size: number): string[] {
  return Array.from({length: Math.ceil(size / 1000)}, (_, i) => `V${i}=`.padEnd(1000, 'x'));
}

test('an exec with an environment of a megabyte runs and has all of it', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const env = [path, ...environment(1_000_000)];

  const result = await execParts(link, {argv: ['sh', '-c', 'env | grep -c ^V'], env});

  expect(result).toEqual({code: 0, stdout: '1000\n'});
});

test('the main process is started with arguments beyond a frame', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const argv = ['sh', '-c', 'exit $(($# / 100))', 'sh', ...Array.from({length: 1200}, () => 'y'.repeat(100))];
  const answer = link.answer(77);

  sendParts(link, TYPE.msg, 0, Buffer.concat([u8(1), u32(77), spec({argv})]));

  expect((await answer).message).toBe(0x40);
  expect((await link.exited()).exitCode).toBe(12);
});

test('parts of one byte are joined, and frames of other streams may come between', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const stream = link.reserve();
  const payload = Buffer.concat([u8(KIND.exec), spec({argv: ['sh', '-c', 'echo joined']})]);

  for (const byte of payload.subarray(0, -1)) {
    link.send(TYPE.open, stream.id, u8(byte), CONTINUED);
    link.send(TYPE.msg, 0, Buffer.concat([u8(2), u32(1000), u8(9)]));
  }
  link.send(TYPE.open, stream.id, payload.subarray(-1));
  stream.end();

  expect((await stream.expect(0x52)).u32()).toBe(0);
  expect(stream.data(1).toString()).toBe('joined\n');
});

test('cut between any two parts, the session resumes and the process starts once', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const stream = link.reserve();
  const env = [path, ...environment(400_000)];
  const payload = Buffer.concat([u8(KIND.exec), spec({argv: ['sh', '-c', 'env | grep -c ^V'], env})]);

  for (let at = 0; at < payload.length; at += FULL) {
    const flags = at + FULL < payload.length ? CONTINUED : 0;
    link.send(TYPE.open, stream.id, payload.subarray(at, at + FULL), flags);
    // Now and then the part is on its way, and now and then it has arrived.
    if (at % 2 === 0) await link.ping();
    link.cut();
    expect((await link.open()).resumed).toBe(true);
  }
  stream.end();

  expect((await stream.expect(0x52)).u32()).toBe(0);
  expect(stream.data(1).toString()).toBe('400\n');
  expect(stream.messages.filter(one => one.message === 0x50)).toHaveLength(1);
});

test('what execve finds too long is told as the program’s failure', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const program = ['/bin/sh', '-c', 'true'];
  const failed = {stage: 4, errno: E2BIG};

  expect(await execParts(link, {argv: program, env: [`A=${'x'.repeat(140_000)}`]})).toEqual(failed);
  expect(await execParts(link, {argv: program, env: ['B='.padEnd(131_071, 'x')]})).toMatchObject({code: 0});
  expect(await execParts(link, {argv: ['sh', 'x'.repeat(131_072)], env: [path]})).toEqual(failed);
  // 400,000 empty strings are few bytes, but the pointers to them are not.
  expect(await execParts(link, {argv: [...program, ...Array.from({length: 400_000}, () => '')]})).toEqual(
    failed,
  );

  const answer = link.answer(78);
  sendParts(link, TYPE.msg, 0, Buffer.concat([u8(1), u32(78), spec({argv: ['sh', 'x'.repeat(200_000)]})]));
  const {message, reader} = await answer;
  expect([message, reader.u8(), reader.u32()]).toEqual([0x41, 4, E2BIG]);
  expect(reader.text()).toBe('sh: Argument list too long');
});

test('2 MiB are taken, and one byte more ends the session', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const padded = (size: number) => {
    const head = Buffer.concat([u8(KIND.exec), u32(1), u32(size)]);
    return Buffer.concat([head, Buffer.alloc(size - head.length)]);
  };

  // Whole, though not a SPEC: the violation is that of a malformed OPEN.
  sendParts(link, TYPE.open, link.reserve().id, padded(MOST));
  await link.until(() => link.closed);
  expect(agent.stderr).toContain('malformed OPEN');

  await link.open();
  sendParts(link, TYPE.open, 1, padded(MOST + 1));
  await link.until(() => link.closed);
  expect(agent.stderr.trimEnd().split('\n')).toHaveLength(2);
  expect(agent.stderr).toContain('parts');
});

const mistakes: [string, (link: TestLink) => void][] = [
  ['an endless continuation', link => endless(link)],
  ['an empty part', link => link.send(TYPE.msg, 0, Buffer.alloc(0), CONTINUED)],
  ['a MSG that goes on as OPEN', link => pair(link, [TYPE.msg, 1], [TYPE.open, 1])],
  ['an OPEN that goes on as MSG', link => pair(link, [TYPE.open, 1], [TYPE.msg, 1])],
  ['an OPEN that goes on as DATA', link => pair(link, [TYPE.open, 1], [TYPE.data, 1])],
  ['EOF between the parts', link => pair(link, [TYPE.open, 1], [TYPE.eof, 1])],
  ['RESET between the parts', link => pair(link, [TYPE.open, 1], [TYPE.reset, 1])],
  ['a second OPEN in parts before the end of the first', link => another(link, TYPE.open, 3)],
  ['a MSG in parts before the end of an OPEN', link => another(link, TYPE.msg, 0)],
  ['a last part that leaves the SPEC cut', link => pair(link, [TYPE.open, 1], [TYPE.open, 1])],
];

function endless(link: TestLink): void {
  for (let i = 0; i < 40; i++) link.send(TYPE.msg, 0, Buffer.alloc(65_535, 1), CONTINUED);
}

function pair(link: TestLink, first: [number, number], next: [number, number]): void {
  link.send(...first, u8(KIND.exec), CONTINUED);
  link.send(...next, u8(0));
}

function another(link: TestLink, type: number, stream: number): void {
  link.send(TYPE.open, 1, u8(KIND.exec), CONTINUED);
  link.send(type, stream, u8(KIND.exec), CONTINUED);
}

test.each(mistakes)('%s ends the session and nothing else', async (_, violate) => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  violate(link);
  await link.until(() => link.closed);

  expect(await link.open()).toMatchObject({resumed: false});
  expect(await execShell(await agent.link(), 'echo fine')).toMatchObject({stdout: 'fine\n'});
});

test('what a lost session left half joined does not reach the next one', async () => {
  await using agent = await TestAgent.start();
  const first = await agent.link();
  first.send(TYPE.msg, 0, Buffer.alloc(60_000, 1), CONTINUED);
  await first.ping();

  const second = await agent.link();
  const error = await start(second, {argv: ['/no/such/program']}).catch((reason: unknown) => reason);

  expect((error as StartError).errno).toBe(2);
  second.raw(Buffer.concat([Buffer.from([4, 0, 0, 8, 0, 0, 0, 0]), u64(1)]));
  await second.ping();
  expect(second.closed).toBe(false);
});
