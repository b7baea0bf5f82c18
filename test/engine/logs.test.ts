import {expect, test} from 'vitest';

import type {OutputChunk} from '../../src/api/engine.ts';
import {attach, create, logs, run, runDetached} from './client.ts';
import {openEngine, type TestEngine} from './support.ts';

const none = {stdout: true, stderr: true, follow: false, tail: undefined, since: undefined, until: undefined};

async function chunksOf(engine: TestEngine, id: string, options: object = {}): Promise<OutputChunk[]> {
  const {output} = await engine.containers.logs(id, {
    ...none,
    signal: AbortSignal.timeout(15_000),
    ...options,
  });
  return (await output.toArray()) as OutputChunk[];
}

test('logs are cut into lines, a piece without an end at the end', async () => {
  const engine = await openEngine();
  const {id} = await run(engine, ['printf', 'a\\nb\\nc']);

  const lines = await chunksOf(engine, id);

  expect(lines.map(({bytes}) => bytes.toString())).toEqual(['a\n', 'b\n', 'c']);
});

test.each([
  [0, ''],
  [1, '5\n'],
  [2, '4\n5\n'],
  [99, '1\n2\n3\n4\n5\n'],
])('the last %i lines are %j', async (tail, text) => {
  const engine = await openEngine();
  const {id} = await run(engine, ['seq', '1', '5']);

  expect(await logs(engine, id, {tail})).toBe(text);
});

test('since and until bound the lines by their times', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'echo one; read line; echo two; read line; echo three'], {
    OpenStdin: true,
    StdinOnce: true,
  });
  const {stdin} = await attach(engine, id, {stdin: true});
  const ended = engine.containers.wait(id, 'next-exit', AbortSignal.timeout(15_000)).exit;
  await engine.containers.start(id);
  // Each line is out before the next is begun: read apart, however slow the machine is.
  for (const line of ['one\n', 'one\ntwo\n']) {
    await expect.poll(() => logs(engine, id)).toBe(line);
    stdin?.write('\n');
  }
  await ended;
  const [, two] = await chunksOf(engine, id);
  const time = two?.time ?? expect.unreachable();

  expect(await logs(engine, id, {since: time})).toBe('two\nthree\n');
  expect(await logs(engine, id, {until: time})).toBe('one\ntwo\n');
  expect(await logs(engine, id, {since: time, until: time})).toBe('two\n');
  expect(await logs(engine, id, {since: time + 1n, tail: 2})).toBe('three\n');
});

test('followed logs go on with the process and end with it', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'echo one; read line; echo two'], {
    OpenStdin: true,
    StdinOnce: true,
  });
  const {stdin} = await attach(engine, id, {stdin: true});
  await engine.containers.start(id);
  await expect.poll(() => logs(engine, id)).toBe('one\n');

  const followed = logs(engine, id, {follow: true});
  const fromNowOn = logs(engine, id, {follow: true, tail: 0});
  stdin?.end('\n');

  expect(await followed).toBe('one\ntwo\n');
  expect(await fromNowOn).toBe('two\n');
});

test('followed logs of what does not run end at once', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true']);

  expect(await logs(engine, id, {follow: true})).toBe('');
});

test('a client that leaves ends the reading', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60']);
  const leaving = new AbortController();
  const {output} = await engine.containers.logs(id, {...none, follow: true, signal: leaving.signal});
  const read = output.toArray();

  leaving.abort();

  await expect(read).rejects.toThrow();
  expect(output.destroyed).toBe(true);
});

test('a line that never ends comes in pieces of 16 KiB, as from dockerd', async () => {
  const engine = await openEngine();
  const {id} = await run(engine, ['sh', '-c', 'head -c 40000 /dev/zero | tr "\\0" x; echo; echo next']);

  const lines = await chunksOf(engine, id);

  expect(lines.map(({bytes}) => bytes.length)).toEqual([16_384, 16_384, 40_000 - 32_768 + 1, 5]);
});

test('lines of the two channels that are written at once do not mix', async () => {
  const engine = await openEngine();
  const {id} = await run(engine, ['sh', '-c', 'printf ou; printf er >&2; sleep 0.02; echo t; echo r >&2']);

  const lines = await chunksOf(engine, id);

  expect(lines.map(({channel, bytes}) => `${channel}:${bytes.toString()}`).toSorted()).toEqual([
    '1:out\n',
    '2:err\n',
  ]);
});
