import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {FOLLOW, KEEP, TestAgent, WAIT, output, shell} from './agent.ts';
import {Reader} from './bytes.ts';

const SMALL = ['--segment', '65536', '--spool-max', '262144'];

test('stdout and stderr come apart, in order, with times', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const both = output(link);
  const errors = output(link, {channels: 2});

  await shell(link, 'echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three');
  await Promise.all([both.finished(), errors.finished()]);

  const records = both.records();
  expect(records.map(({channel, data}) => [channel, data.toString()])).toEqual([
    [1, 'one\n'],
    [2, 'two\n'],
    [1, 'three\n'],
  ]);
  expect(errors.output()).toBe('two\n');
  const [first = 0n, second = 0n] = records.map(one => one.time);
  expect(Number(second - first) / 1e6).toBeGreaterThan(80);
});

test('the agent’s own stdout and stderr carry the same, for `kubectl logs`', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  await shell(link, 'seq 1 20000; echo wrong >&2');
  await link.exited();

  await expect.poll(() => agent.stdout.length).toBe(108_894);
  await expect.poll(() => agent.stderr).toBe('wrong\n');
});

test('output of earlier runs is replayed from the start, and from the end only what is new', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  await shell(link, 'echo first');
  await link.exited();

  const all = await output(link, {flags: 0}).finished();
  const waiting = output(link, {flags: FOLLOW | WAIT, from: 'end'});
  const over = await output(link, {flags: FOLLOW}).finished();
  await shell(link, 'echo second');
  await waiting.finished();

  expect(all.output()).toBe('first\n');
  expect(over.output()).toBe('first\n');
  expect(waiting.output()).toBe('second\n');
});

test('follow ends with its run, not with the next', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const first = output(link);
  first.grants = false;

  await shell(link, 'echo first; head -c 2000000 /dev/zero');
  await link.exited();
  await shell(link, 'echo second');
  await link.exited();
  first.grants = true;
  first.grant();
  await first.finished();

  expect(first.output().length).toBe('first\n'.length + 2_000_000);
});

test.each([
  [0, ''],
  [1, 'f'],
  [2, 'e\nf'],
  [4, 'c\nd\ne\nf'],
  [100, 'a\nb\nc\nd\ne\nf'],
])('the tail of %i lines counts an unfinished last line', async (value, expected) => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  await shell(link, 'printf "a\\nb\\nc\\n"; sleep 0.05; printf "d\\ne\\nf"');
  await link.exited();

  const tail = await output(link, {flags: 0, from: 'tail', value}).finished();

  expect(tail.output()).toBe(expected);
});

test('a tail reaches over segments and counts only its channels', async () => {
  await using agent = await TestAgent.start({args: ['--segment', '65536', '--spool-max', '8000000']});
  const link = await agent.link();
  await shell(link, 'for i in $(seq 1 60); do seq ${i}0001 ${i}1000; echo error $i >&2; done');
  await link.exited();

  const both = await output(link, {flags: 0, from: 'tail', value: 30_000}).finished();
  const errors = await output(link, {flags: 0, from: 'tail', value: 45, channels: 2}).finished();

  expect(both.output().split('\n')).toHaveLength(30_001);
  expect(errors.output().split('\n').slice(0, 1)).toEqual(['error 16']);
});

test('since leaves out what was written before', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const all = output(link);
  await shell(link, 'echo old; sleep 0.1; echo new');
  await all.finished();
  const [, second] = all.records();

  const since = await output(link, {flags: 0, from: 'since', value: second?.time ?? 0n}).finished();
  const future = await output(link, {
    flags: 0,
    from: 'since',
    value: BigInt(Date.now() + 1e6) * 1_000_000n,
  }).finished();

  expect(since.output()).toBe('new\n');
  expect(future.output()).toBe('');
});

test('a reader without `keep` that is too slow gets a gap of the right size, then the newest output', async () => {
  await using agent = await TestAgent.start({args: SMALL});
  const link = await agent.link();
  const slow = output(link, {flags: FOLLOW | WAIT});
  slow.grants = false;

  await shell(link, 'seq -w 1 500000');
  await link.exited();
  slow.grants = true;
  slow.grant();
  await slow.finished();

  const records = slow.records();
  const lost = records
    .filter(one => one.channel === 0)
    .reduce((sum, one) => sum + Number(new Reader(one.data).u64()), 0);
  expect(lost).toBeGreaterThan(0);
  expect(lost + slow.output().length).toBe(3_500_000);
  expect(slow.output().endsWith('500000\n')).toBe(true);
});

test('a reader with `keep` makes the process wait when the spool is full, and loses nothing', async () => {
  await using agent = await TestAgent.start({args: SMALL});
  const link = await agent.link();
  const slow = output(link, {flags: FOLLOW | WAIT | KEEP});
  slow.grants = false;

  await shell(link, 'seq -w 1 500000');
  await sleep(300);
  expect(link.control).toHaveLength(0);
  slow.grants = true;
  slow.grant();
  await slow.finished();

  expect(slow.records().every(one => one.channel !== 0)).toBe(true);
  expect(slow.output().length).toBe(3_500_000);
  expect((await link.exited()).exitCode).toBe(0);
});

test('without any reader the process never waits, and the spool stays under its cap', async () => {
  await using agent = await TestAgent.start({args: SMALL});
  const link = await agent.link();

  await shell(link, 'head -c 5000000 /dev/zero; echo; echo last');
  await link.exited();
  const rest = await output(link, {flags: 0}).finished();

  expect(rest.data().length).toBeLessThanOrEqual(262_144 + 65_536);
  expect(rest.output().endsWith('last\n')).toBe(true);
});

test('a stream that waits for its window holds up no other', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const stuck = output(link, {flags: FOLLOW | WAIT | KEEP});
  stuck.grants = false;

  await shell(link, 'head -c 3000000 /dev/zero; echo end >&2');
  const errors = await output(link, {channels: 2}).finished();

  expect(errors.output()).toBe('end\n');
  await link.until(() => stuck.data().length >= 1_048_576);
  await link.ping();
  expect(stuck.data().length).toBe(1_048_576);
});
