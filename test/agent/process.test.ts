import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {expect, test} from 'vitest';

import {TestAgent, exec, output, shell, signal, start} from './agent.ts';

const EINVAL = 22;
const ESRCH = 3;
const HELD = 0;
const RUNNING = 1;
const EXITED = 2;
const root = process.getuid?.() === 0;

test('an agent holds until START, and its state tells', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  link.cut();
  const held = await link.open();
  const {pid} = await shell(link, 'exec sleep 100');
  link.cut();
  const running = await link.open();

  expect(held.state).toMatchObject({phase: HELD, run: 0, pid: 0, spoolEnd: 0n});
  expect(running.state).toMatchObject({phase: RUNNING, run: 1, pid});
  expect(Number(running.state.started / 1_000_000n)).toBeGreaterThan(Date.now() - 60_000);
});

test.each([
  ['exit 0', 0],
  ['exit 3', 3],
  ['exit 255', 255],
  ['kill -9 $$', 137],
  ['kill -TERM $$', 143],
])('`%s` exits with %i', async (script, code) => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  await shell(link, script);
  const state = await link.exited();

  expect(state).toMatchObject({phase: EXITED, exitCode: code, oomKilled: 0});
  expect(state.finished).toBeGreaterThanOrEqual(state.started);
});

test('the process can be started again after it has ended, and not while it runs', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  await shell(link, 'exit 1');
  await link.exited();
  await shell(link, 'exec sleep 100');
  await expect(shell(link, 'true')).rejects.toMatchObject({stage: 1, errno: 114});
  expect(await signal(link, 9)).toBe(0);

  expect(await link.exited()).toMatchObject({run: 2, exitCode: 137});
});

test('a program that is not there, may not be run or is none says so by its errno, and the agent stays held', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  await expect(start(link, {argv: ['no-such-program']})).rejects.toMatchObject({stage: 4, errno: 2});
  await expect(start(link, {argv: ['/no/such/program']})).rejects.toMatchObject({stage: 4, errno: 2});
  await expect(start(link, {argv: ['/etc/passwd']})).rejects.toMatchObject({stage: 4, errno: 13});
  await expect(start(link, {argv: ['/tmp']})).rejects.toMatchObject({stage: 4, errno: 13});
  await expect(start(link, {argv: []})).rejects.toMatchObject({stage: 1, errno: EINVAL});
  await expect(start(link, {argv: ['true'], cwd: 'relative'})).rejects.toMatchObject({stage: 3});
  await expect(start(link, {argv: ['true'], cwd: '/etc/passwd'})).rejects.toMatchObject({
    stage: 3,
    errno: 20,
  });
  await expect(start(link, {argv: ['true'], user: 'nobody-here'})).rejects.toMatchObject({stage: 2});
  await expect(start(link, {argv: ['true'], user: '0:no-such-group'})).rejects.toMatchObject({stage: 2});

  link.cut();
  expect((await link.open()).state.phase).toBe(HELD);
});

test('START makes the working directory if it is missing', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const base = mkdtempSync(join(tmpdir(), 'badidea-cwd-'));
  const records = output(link);

  await shell(link, 'pwd', {cwd: `${base}/a/b`});
  await records.finished();

  expect(records.output()).toBe(`${base}/a/b\n`);
  expect(existsSync(`${base}/a/b`)).toBe(true);
  rmSync(base, {recursive: true});
});

test('signals reach the process; without one they are refused', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const records = output(link);

  expect(await signal(link, 15)).toBe(ESRCH);
  await shell(link, 'trap "echo usr1; exit 7" USR1; echo ready; while :; do sleep 0.05; done');
  await link.until(() => records.output() === 'ready\n');
  expect(await signal(link, 0)).toBe(EINVAL);
  expect(await signal(link, 200)).toBe(EINVAL);
  expect(await signal(link, 10)).toBe(0);

  expect((await link.exited()).exitCode).toBe(7);
  await records.finished();
  expect(records.output()).toBe('ready\nusr1\n');
});

test('when the process ends, what it left behind is killed, its output kept', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const records = output(link);
  const other = exec(link, {argv: ['sleep', '100']});
  await other.expect(0x50);

  await shell(link, 'sleep 100 & echo left $!');
  const state = await link.exited();
  await records.finished();

  const [, left = ''] = /left (\d+)/.exec(records.output()) ?? [];
  expect(existsSync(`/proc/${left}`)).toBe(false);
  expect((await other.expect(0x52)).u32()).toBe(137);
  expect(Number(state.finished - state.started) / 1e6).toBeLessThan(1000);
});

test('SIGTERM ends a held agent at once, and a running one with its process’s code', async () => {
  await using held = await TestAgent.start();
  held.process.kill('SIGTERM');
  expect(await held.exited).toBe(0);

  await using agent = await TestAgent.start();
  const link = await agent.link();
  const records = output(link);
  await shell(link, 'trap "echo bye; exit 9" TERM; echo ready; while :; do sleep 0.05; done');
  await link.until(() => records.output() === 'ready\n');
  agent.process.kill('SIGTERM');

  expect(await agent.exited).toBe(9);
  await expect.poll(() => agent.stdout).toBe('ready\nbye\n');
});

test.runIf(root)('the process runs as the user that was named, with its groups and home', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const records = output(link);

  await start(link, {
    argv: ['sh', '-c', 'id -u; id -g; id -G; echo $HOME; echo via /dev/stdout >/dev/stdout'],
    user: 'daemon:4',
    groups: ['20', 'video'],
  });
  await records.finished();

  expect(records.output()).toBe('1\n4\n4 20 44\n/usr/sbin\nvia /dev/stdout\n');
});

test('orphans are reaped', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const records = output(link);

  await shell(
    link,
    '(sh -c "sleep 0.1" & echo $!) ; sleep 0.5; grep -c . /proc/$(cat /proc/$$/status | sed -n "s/PPid:.//p")/task/*/children; exec sleep 100',
  );
  await link.until(() => records.output().split('\n').length >= 3);

  const [orphan = ''] = records.output().split('\n');
  expect(existsSync(`/proc/${orphan}`)).toBe(false);
});
