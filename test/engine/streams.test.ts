import {setImmediate as turn} from 'node:timers/promises';

import {expect, test} from 'vitest';

import type {OutputChunk} from '../../src/api/engine.ts';
import {attach, create, logs, run, runDetached, waitFor, written} from './client.ts';
import {event, openEngine, type TestEngine, until} from './support.ts';

/** 10,000 numbered lines, a hundred at a time, so that connections can be cut between them. */
const counting = [
  'sh',
  '-c',
  'i=0; while [ $i -lt 100 ]; do seq $((i * 100 + 1)) $((i * 100 + 100)); i=$((i + 1)); sleep 0.003; done',
];
const numbered = Array.from({length: 10_000}, (_, index) => `${index + 1}\n`).join('');

/** Cuts every connection whenever something has come. */
async function readAndCut({namespace}: TestEngine, output: AsyncIterable<OutputChunk>): Promise<string> {
  let text = '';
  for await (const {bytes} of output) {
    text += bytes.toString();
    namespace.cutStreams();
  }
  expect(namespace.calls.filter(call => call === 'connect').length).toBeGreaterThan(4);
  return text;
}

test('10,000 lines reach an attached client once and in order while its connections are cut', async () => {
  const engine = await openEngine();
  const id = await create(engine, counting);
  const {output} = await attach(engine, id);
  await engine.containers.start(id);

  expect(await readAndCut(engine, output)).toBe(numbered);
});

test('so do the lines of logs that are followed', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, counting);
  const {output} = await engine.containers.logs(id, {
    stdout: true,
    stderr: true,
    follow: true,
    tail: undefined,
    since: undefined,
    until: undefined,
    signal: AbortSignal.timeout(15_000),
  });

  expect(await readAndCut(engine, output)).toBe(numbered);
});

test('an exit code is not lost with the connection', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'read line; exit 7'], {OpenStdin: true});
  const {stdin} = await attach(engine, id, {stdin: true});
  const exit = waitFor(engine, id, 'next-exit');
  await engine.containers.start(id);

  stdin?.write('line\n');
  for (let cuts = 0; cuts < 5; cuts++) {
    engine.namespace.cutStreams();
    await turn();
  }

  expect(await exit).toBe(7);
});

test('a start whose connection is cut starts once', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'echo run']);
  await until(() => engine.counts().links.connected === 1);
  const started = engine.containers.start(id);

  engine.namespace.cutStreams();
  await started;
  await waitFor(engine, id, 'not-running');

  expect(await logs(engine, id)).toBe('run\n');
});

test('a client that attaches late reads what comes from then on, with logs all of it', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'echo early; read line; echo late'], {
    OpenStdin: true,
    StdinOnce: true,
  });
  const first = await attach(engine, id, {stdin: true});
  await engine.containers.start(id);
  await expect.poll(() => logs(engine, id)).toBe('early\n');

  const late = written(await attach(engine, id));
  const whole = written(await attach(engine, id, {logs: true}));
  const replay = await written(await attach(engine, id, {logs: true, stream: false}));
  first.stdin?.end('\n');

  expect(replay).toBe('1:early\n');
  expect(await whole).toBe('1:early\nlate\n');
  expect(await late).toBe('1:late\n');
});

test('a client that detaches leaves the process running', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'read line; exit 4'], {OpenStdin: true});
  const {output} = await attach(engine, id);
  await engine.containers.start(id);

  output.destroy();
  const {stdin} = await attach(engine, id, {stdin: true});
  expect(engine.containers.inspect(id).State.Running).toBe(true);
  stdin?.write('\n');

  expect(await waitFor(engine, id, 'not-running')).toBe(4);
});

test('a slow attached client makes the process wait and loses nothing', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'seq 1 400000; echo done >&2']);
  const {output} = await attach(engine, id);
  await engine.containers.start(id);
  const {output: errors} = await attach(engine, id, {logs: true});
  errors.destroy();
  // The process cannot end before somebody reads the rest.
  await turn();
  expect(engine.containers.inspect(id).State.Running).toBe(true);

  let bytes = 0;
  for await (const chunk of output as AsyncIterable<OutputChunk>) bytes += chunk.bytes.length;

  expect(bytes).toBe(
    'done\n'.length +
      Array.from({length: 400_000}, (_, index) => String(index + 1).length + 1).reduce(
        (sum, length) => sum + length,
      ),
  );
  await event(engine, 'die', id);
});

test('the last of ten thousand lines is in the output although the container is removed with --rm', async () => {
  const engine = await openEngine();

  const {output} = await run(engine, ['seq', '1', '10000'], {HostConfig: {AutoRemove: true}});

  expect(output.endsWith('\n10000\n')).toBe(true);
});

test('with a terminal all output is on one channel', async () => {
  const engine = await openEngine();

  const {output} = await run(engine, ['sh', '-c', 'echo out; echo err >&2; test -t 0 && echo tty'], {
    Tty: true,
    OpenStdin: true,
  });

  expect(output).toBe('1:out\r\nerr\r\ntty\r\n');
});

test('a terminal is resized while it runs, and not otherwise', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'read line; stty size'], {Tty: true, OpenStdin: true});
  const attached = await attach(engine, id, {stdin: true});
  await expect(engine.containers.resize(id, {rows: 2, columns: 3})).rejects.toThrow(
    `container ${id} is not running`,
  );
  await engine.containers.start(id);

  await engine.containers.resize(id, {rows: 33, columns: 44});
  attached.stdin?.write('\n');

  expect(await written(attached)).toContain('33 44\r\n');
});
