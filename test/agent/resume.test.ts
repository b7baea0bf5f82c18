import {type AddressInfo, createServer} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {FOLLOW, KEEP, TestAgent, WAIT, dial, exec, output, shell, stdin} from './agent.ts';
import {SPEC, u64} from './bytes.ts';
import {TestLink} from './link.ts';

const LINES = 100_000;

/** Cuts and resumes again and again, in the middle of whatever is on its way, until told to stop. */
async function cutAtRandom(link: TestLink, stopped: () => boolean): Promise<number> {
  let cuts = 0;
  while (!stopped() && cuts < 60) {
    await sleep(Math.random() * 8);
    link.cut();
    expect((await link.open()).resumed).toBe(true);
    cuts++;
  }
  return cuts;
}

test.each(['socket', 'relay'])(
  'cut at random over the %s, 10^5 lines come through: none missing, none doubled',
  async way => {
    await using agent = await TestAgent.start();
    const link = way === 'socket' ? await agent.link() : await agent.relayed();
    const records = output(link, {flags: FOLLOW | WAIT | KEEP});

    await shell(
      link,
      `i=0; while [ $i -lt 20 ]; do seq $((i * 5000 + 1)) $((i * 5000 + 5000)); i=$((i + 1)); sleep 0.02; done`,
    );
    const cuts = await cutAtRandom(link, () => records.ended);
    await records.finished();

    const lines = records.output().trimEnd().split('\n');
    expect(cuts).toBeGreaterThan(5);
    expect(lines.length).toBe(LINES);
    expect(lines.findIndex((line, i) => line !== String(i + 1))).toBe(-1);
  },
);

test('cut at random, what goes in both ways through an exec comes out the same', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const data = Buffer.from(Array.from({length: LINES}, (_, i) => `line ${i}\n`).join(''));
  const stream = exec(link, {argv: ['cat'], flags: SPEC.stdin});
  let over = false;

  const cutting = cutAtRandom(link, () => over);
  await writeThroughCuts(stream, data);
  stream.end();
  await link.until(() => stream.messages.some(one => one.message === 0x52));
  over = true;
  await cutting;

  expect(stream.data(1).equals(data)).toBe(true);
});

/** Like write(), but a closed connection is only waited for. */
async function writeThroughCuts(stream: ReturnType<typeof exec>, data: Buffer): Promise<void> {
  for (let at = 0; at < data.length;) {
    await stream.link.until(() => stream.credit > 0);
    const size = Math.min(stream.credit, 10_000, data.length - at);
    stream.credit -= size;
    stream.link.send(0x11, stream.id, data.subarray(at, at + size));
    at += size;
    await sleep(0);
  }
}

test('a dialled connection lives through a cut', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const server = createServer(socket => socket.pipe(socket)).listen(0);
  const stream = dial(link, (server.address() as AddressInfo).port);
  await stream.write(Buffer.from('before '));
  link.cut();
  await link.open();

  await stream.write(Buffer.from('after'));
  stream.end();
  await stream.finished();

  expect(stream.data().toString()).toBe('before after');
  server.close();
});

test('what happens while nobody is connected is told on return', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const records = output(link);
  await shell(link, 'sleep 0.2; echo out; exit 6');
  link.cut();
  await sleep(400);

  const {state} = await link.open();
  await records.finished();

  expect(state).toMatchObject({phase: 2, exitCode: 6});
  expect((await link.exited()).exitCode).toBe(6);
  expect(records.output()).toBe('out\n');
});

test('a process waits while nobody takes what it must not lose, and a lost connection does not change that', async () => {
  await using agent = await TestAgent.start({args: ['--segment', '65536', '--spool-max', '262144']});
  const link = await agent.link();
  const records = output(link, {flags: FOLLOW | WAIT | KEEP});
  await shell(link, 'seq -w 1 1000000');
  link.cut();
  await sleep(300);

  const {state} = await link.open();
  await records.finished();

  expect(state.phase).toBe(1);
  expect(records.output().length).toBe(8_000_000);
});

test('a daemon that does not acknowledge gets no more than 4 MiB', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  link.acknowledges = false;
  const stream = exec(link, {argv: ['head', '-c', '20000000', '/dev/zero']});

  await sleep(500);
  const before = stream.data().length;
  link.acknowledges = true;
  link.raw(Buffer.concat([Buffer.from([3, 0, 0, 8, 0, 0, 0, 0]), u64(link.received)]));
  await stream.expect(0x52);

  expect(before).toBeGreaterThan(4_000_000);
  expect(before).toBeLessThan(4_500_000);
  expect(stream.data().length).toBe(20_000_000);
});

test('another session begins anew: old streams are dropped, the process and its output stay', async () => {
  await using agent = await TestAgent.start();
  const first = await agent.link();
  const lost = output(first);
  stdin(first);
  await shell(first, 'echo kept; cat; echo end', {flags: SPEC.stdin});
  await first.until(() => lost.output() === 'kept\n');

  const second = new TestLink(`${agent.directory}/agent.sock`);
  const welcome = await second.open();
  await first.until(() => first.closed);
  const records = output(second);
  stdin(second).end();
  await records.finished();

  expect(welcome).toMatchObject({resumed: false, received: 0n});
  expect(records.output()).toBe('kept\nend\n');
  expect((await first.open()).resumed).toBe(false);
});

test('the newest connection of a session takes over', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const older = link.session;
  const twin = new TestLink(`${agent.directory}/agent.sock`);
  Object.assign(twin, {session: older});

  expect((await twin.open()).resumed).toBe(true);
  await link.until(() => link.closed);
});
