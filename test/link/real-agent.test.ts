import {createHash, randomBytes} from 'node:crypto';
import {createServer, type AddressInfo} from 'node:net';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test, vi} from 'vitest';

import {openLink, type AgentLink, type OutputOptions, type ProcessSpec} from '../../src/link/link.ts';
import {TestAgent} from '../agent/agent.ts';
import {dialSocket} from '../fakes/scripted-agent.ts';
import {cutting} from './cutting.ts';

const attach: OutputOptions = {
  channels: 'both',
  follow: true,
  waitForRun: true,
  keep: true,
  from: {at: 'start'},
};

function running(...argv: string[]): ProcessSpec {
  return {
    argv,
    env: ['PATH=/usr/bin:/bin'],
    cwd: '',
    user: '',
    groups: [],
    tty: false,
    stdin: true,
    stdinOnce: true,
    detached: false,
    rows: 0,
    columns: 0,
  };
}

/** A link whose every connection is cut after some bytes, `cuts` times. */
function shakyLink(
  agent: TestAgent,
  cuts: number,
  budget: () => number,
): {link: AgentLink; left: () => number} {
  let left = cuts;
  const link = openLink({
    backoff: {minMs: 0, maxMs: 1, healthyMs: 0},
    dial: async () => {
      const socket = await dialSocket(join(agent.directory, 'agent.sock'));
      if (left === 0) return socket;
      left -= 1;
      return cutting(socket, budget());
    },
  });
  return {link, left: () => left};
}

async function textOf(output: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const {channel, bytes} of output) if (channel !== 0) parts.push(bytes);
  return Buffer.concat(parts).toString();
}

test('100,000 lines arrive once and in order over 200 connections that are cut at random bytes', async () => {
  await using agent = await TestAgent.start();
  const {link, left} = shakyLink(agent, 200, () => 40 + Math.floor(Math.random() * 120_000));
  const events = {lost: 0, reset: 0};
  link.onLost(() => (events.lost += 1));
  link.onReset(() => (events.reset += 1));

  const output = link.output(attach);
  await link.start(running('seq', '-f', '%0159.0f', '1', '100000'));
  const lines = (await textOf(output)).split('\n');

  expect(lines.length).toBe(100_001);
  expect(lines.findIndex((line, index) => index < 100_000 && Number(line) !== index + 1)).toBe(-1);
  expect(left()).toBe(0);
  expect(events.lost).toBeGreaterThan(150);
  expect(events.reset).toBe(0);
  await vi.waitUntil(() => link.state?.phase === 'exited');
  link.close();
});

test('20 MB through stdin and stdout of cat are the same on both sides, over connections that are cut', async () => {
  await using agent = await TestAgent.start();
  const {link, left} = shakyLink(agent, 60, () => 40 + Math.floor(Math.random() * 900_000));
  const bytes = randomBytes(20_000_000);

  const output = link.output(attach);
  const exit = new Promise(resolve => link.onExit(state => resolve(state.exitCode)));
  await link.start(running('cat'));
  const hash = createHash('sha256');
  const [size] = await Promise.all([
    (async () => {
      let received = 0;
      for await (const record of output) {
        expect(record.channel).toBe(1);
        received += record.bytes.length;
        hash.update(record.bytes);
      }
      return received;
    })(),
    pipeline(Readable.from(chunksOf(bytes, 50_000)), link.stdin({closeOnEnd: true})),
  ]);

  expect(size).toBe(bytes.length);
  expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(await exit).toBe(0);
  expect(left()).toBeLessThan(40);
  link.close();
});

test('a reader that pauses makes the process wait, and loses nothing', async () => {
  await using agent = await TestAgent.start();
  const {link} = shakyLink(agent, 0, () => 0);
  await link.ready();
  const exec = link.exec(running('sh', '-c', 'seq 1 1000000; echo done >&2'));
  const stderr: string[] = [];
  await exec.started;
  await sleep(200);
  expect(exec.output.readableLength).toBeLessThan(40);

  const parts: Buffer[] = [];
  for await (const {channel, bytes} of exec.output) {
    if (channel === 1) parts.push(bytes);
    else stderr.push(String(bytes));
  }
  expect(Buffer.concat(parts).toString().split('\n').at(-2)).toBe('1000000');
  expect(stderr).toEqual(['done\n']);
  expect(await exec.exit).toBe(0);
  link.close();
});

test('an exec tells its exit code, its signal, or why it did not start', async () => {
  await using agent = await TestAgent.start();
  const {link} = shakyLink(agent, 0, () => 0);

  expect(await link.exec(running('sh', '-c', 'exit 3')).exit).toBe(3);
  expect(await link.exec(running('sh', '-c', 'kill -9 $$')).exit).toBe(137);
  await expect(link.exec(running('no-such-program')).started).rejects.toMatchObject({
    stage: 4,
    code: 'ENOENT',
  });
  await expect(link.exec({...running('true'), user: 'nobody-at-all'}).started).rejects.toMatchObject({
    stage: 2,
  });

  const exec = link.exec(running('cat'));
  exec.stdin.end('to cat');
  expect(await textOf(exec.output)).toBe('to cat');
  expect(await exec.exit).toBe(0);

  const sleeper = link.exec({...running('sleep', '60'), detached: true});
  await sleeper.started;
  expect(await textOf(sleeper.output)).toBe('');
  sleeper.kill(15);
  expect(await sleeper.exit).toBe(143);

  const terminal = link.exec({
    ...running('sh', '-c', 'stty size; read x; stty size'),
    tty: true,
    rows: 24,
    columns: 80,
  });
  const first = await terminal.output.iterator({destroyOnReturn: false}).next();
  expect(String(first.value.bytes)).toContain('24 80');
  terminal.resize(50, 132);
  terminal.stdin.write('\n');
  expect(await textOf(terminal.output)).toContain('50 132');
  link.close();
});

test('the main process is started, signalled, ended and started again; each is told', async () => {
  await using agent = await TestAgent.start();
  const {link} = shakyLink(agent, 0, () => 0);
  expect(await link.ready()).toMatchObject({phase: 'held', run: 0});
  await expect(link.signal(15)).rejects.toMatchObject({stage: 1, code: 'ESRCH'});
  await expect(link.start(running('/no/such/program'))).rejects.toMatchObject({stage: 4, code: 'ENOENT'});

  for (const run of [1, 2]) {
    const exit = new Promise(resolve => link.onExit(resolve));
    const {pid} = await link.start(running('sleep', '60'));
    expect(link.state).toMatchObject({phase: 'running', pid});
    await expect(link.start(running('true'))).rejects.toMatchObject({stage: 1, code: 'EALREADY'});
    await link.signal(15);
    expect(await exit).toMatchObject({phase: 'exited', exitCode: 143, pid});
    expect(link.state?.run).toBeGreaterThanOrEqual(run);
  }
  link.close();
});

test('a dialled server echoes, also after our end; a closed port is refused', async () => {
  await using agent = await TestAgent.start();
  const {link} = shakyLink(agent, 30, () => 40 + Math.floor(Math.random() * 400_000));
  const server = createServer({allowHalfOpen: true}, socket => void pipeline(socket, socket).catch(() => {}));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  const bytes = randomBytes(3_000_000);

  const stream = await link.dial(port);
  const [echoed] = await Promise.all([
    stream.toArray(),
    pipeline(Readable.from(chunksOf(bytes, 70_000)), stream, {end: false}).then(() => stream.end()),
  ]);

  expect(Buffer.concat(echoed).equals(bytes)).toBe(true);
  await new Promise(resolve => server.close(resolve));
  await expect(link.dial(port, '127.0.0.1')).rejects.toMatchObject({code: 'ECONNREFUSED'});
  link.close();
});

test('the relay of pods/exec carries a link', async () => {
  await using agent = await TestAgent.start();
  const link = openLink({dial: async () => agent.relay()});
  expect(await link.exec(running('true')).exit).toBe(0);
  link.close();
});

test('an agent that was restarted ends what was open and is used again', async () => {
  const agents = [await TestAgent.start(), await TestAgent.start()];
  let at = 0;
  const link = openLink({
    backoff: {minMs: 1, maxMs: 5},
    dial: () => dialSocket(join(agents[at]?.directory ?? '', 'agent.sock')),
  });
  const exec = link.exec(running('sleep', '60'));
  await exec.started;

  at = 1;
  await agents[0]?.[Symbol.asyncDispose]();

  await expect(exec.exit).rejects.toMatchObject({code: 'ELINKLOST'});
  expect(await link.exec(running('true')).exit).toBe(0);
  link.close();
  await agents[1]?.[Symbol.asyncDispose]();
});

function* chunksOf(bytes: Buffer, size: number): Generator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
