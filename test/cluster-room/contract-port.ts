import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {setTimeout as sleep} from 'node:timers/promises';

import {afterAll, beforeAll, expect, test} from 'vitest';

import type {Pod} from '../../src/cluster/cluster.ts';
import {NotFound, NotReady} from '../../src/errors.ts';
import {nameOf, sha256, sleepingPod, type Stage, taken, unboundPod, uniqueName} from './contract-stage.ts';

const port = 9000;
/** Says again what it is told, with what a laptop has, or else with what busybox has. */
const echo =
  'command -v node >/dev/null || exec nc -ll -p "$2" -e cat; ' +
  "exec node -e \"require('net').createServer(s => s.pipe(s)).listen($2, '127.0.0.1')\"";

/** Streams to a port of a Pod. */
export function describePort(stage: Stage): void {
  let pod: Pod;

  beforeAll(async () => {
    const container = {name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent'};
    pod = await stage.cluster.createPod({
      ...sleepingPod(uniqueName()),
      spec: {
        ...sleepingPod('').spec,
        containers: [{...container, command: ['sh', '-c', echo, 'sh', '--port', String(port)]}],
      },
    });
    while ((await answerOf(stage, nameOf(pod), port)) !== 'ping') await sleep(50);
  }, 60_000);

  afterAll(async () => await stage.cluster.deletePod(nameOf(pod), {gracePeriodSeconds: 0}));

  test('bytes written as soon as a port stream is there arrive, and what answers comes back', async () => {
    const stream = await stage.cluster.connect(nameOf(pod), {port});

    stream.write('ping');

    await expect(taken(stream, 4)).resolves.toEqual(Buffer.from('ping'));
    stream.end();
  });

  test('8 MB survive a port stream unchanged in both directions', async () => {
    const sent = randomBytes(8 * 1024 * 1024);
    const stream = await stage.cluster.connect(nameOf(pod), {port});

    stream.write(sent);
    const received = await taken(stream, sent.length);
    stream.destroy();

    expect(sha256(received)).toBe(sha256(sent));
  });

  test('two connections to a port are apart', async () => {
    const streams = await Promise.all(
      ['one', 'two'].map(async text => {
        const stream = await stage.cluster.connect(nameOf(pod), {port});
        stream.write(text);
        return stream;
      }),
    );

    const answers = await Promise.all(streams.map(async stream => String(await taken(stream, 3))));
    for (const stream of streams) stream.destroy();

    expect(answers).toEqual(['one', 'two']);
  });

  test('a port where nobody listens is not ready: the stream ends before a byte of it', async () => {
    await expect(answerOf(stage, nameOf(stage.running), port)).resolves.toBe('NotReady');
  });

  test('a connection is refused to an absent Pod and to one without a node', async () => {
    const unbound = await stage.cluster.createPod(unboundPod(uniqueName()));

    await expect(stage.cluster.connect('bad-absent', {port})).rejects.toThrow(NotFound);
    await expect(stage.cluster.connect(nameOf(unbound), {port})).rejects.toThrow(NotReady);
    await stage.cluster.deletePod(nameOf(unbound), {gracePeriodSeconds: 0});
  });

  test('the end of our side closes the connection', async () => {
    const stream = await stage.cluster.connect(nameOf(pod), {port});

    stream.resume().end();
    await once(stream, 'close');

    expect(stream.errored).toBeNull();
  });

  test('the signal ends a port stream', async () => {
    const abort = new AbortController();
    const options = {port, signal: abort.signal};
    const stream = await stage.cluster.connect(nameOf(pod), options);
    stream.on('error', () => {});

    abort.abort();
    await new Promise(resolve => stream.once('close', resolve));

    await expect(stage.cluster.connect(nameOf(pod), options)).rejects.toThrow('aborted');
  });
}

/** What comes back for `ping`, or the name of the error that came instead. */
async function answerOf({cluster}: Stage, pod: string, to: number): Promise<string> {
  try {
    const stream = await cluster.connect(pod, {port: to});
    stream.write('ping');
    const answer = await taken(stream, 4);
    stream.destroy();
    return answer.toString();
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
