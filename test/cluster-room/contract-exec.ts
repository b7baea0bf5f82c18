import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {buffer} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {CommandFailed, InvalidRequest, NotFound, NotReady} from '../../src/errors.ts';
import {execAtOnce, nameOf, sha256, type Stage, unboundPod, uniqueName} from './contract-stage.ts';

/** Streams into a running container. */
export function describeExec(stage: Stage): void {
  test('an exec stream carries bytes both ways and ends after its stdin has ended', async () => {
    const stream = await stage.cluster.exec(nameOf(stage.running), {container: 'main', command: ['cat']});

    stream.write('ping');
    const [echo] = (await once(stream, 'data')) as [Buffer];
    const rest = buffer(stream);
    stream.end(' pong');

    expect(echo.toString()).toBe('ping');
    expect((await rest).toString()).toBe(' pong');
  });

  test('8 MB survive an exec stream unchanged in both directions', async () => {
    const sent = randomBytes(8 * 1024 * 1024);
    const stream = await stage.cluster.exec(nameOf(stage.running), {container: 'main', command: ['cat']});

    const received = buffer(stream);
    stream.end(sent);

    expect(sha256(await received)).toBe(sha256(sent));
  });

  test('output that nobody reads is held back and not lost', async () => {
    const stream = await stage.cluster.exec(nameOf(stage.running), {
      container: 'main',
      command: ['sh', '-c', 'seq 1 300000'],
    });
    stream.end();
    await sleep(300);

    const buffered = stream.readableLength;
    const output = await buffer(stream);

    expect(buffered).toBeLessThan(2 * 1024 * 1024);
    expect(output.toString().trimEnd().split('\n')).toHaveLength(300_000);
  });

  test('a failed command gives its output first, then its exit code and its stderr', async () => {
    const command = ['sh', '-c', 'echo out; echo wrong >&2; exit 3'];
    const stream = await stage.cluster.exec(nameOf(stage.running), {container: 'main', command});
    stream.end();
    let output = '';

    const failure = await (async () => {
      for await (const chunk of stream) output += String(chunk);
      return undefined;
    })().catch((error: unknown) => error);

    expect(output).toBe('out\n');
    expect(failure).toBeInstanceOf(CommandFailed);
    expect(failure).toMatchObject({exitCode: 3, message: 'wrong'});
  });

  test('a program that is not there fails with 127', async () => {
    const failure = await stage.cluster
      .exec(nameOf(stage.running), {container: 'main', command: ['/no/such/program']})
      .then(stream => once(stream.resume(), 'end'))
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(CommandFailed);
    expect(failure).toMatchObject({exitCode: 127});
  });

  test('an exec is refused in an absent Pod, an unknown container, a Pod that does not run', async () => {
    const exec = {container: 'main', command: ['true']};
    const pod = await stage.cluster.createPod(unboundPod(uniqueName()));

    await expect(stage.cluster.exec('bad-absent', exec)).rejects.toThrow(NotFound);
    await expect(stage.cluster.exec(nameOf(stage.running), {...exec, container: 'wrong'})).rejects.toThrow(
      InvalidRequest,
    );
    await expect(execAtOnce(stage.cluster, nameOf(pod))).rejects.toThrow(NotReady);
    await stage.cluster.deletePod(nameOf(pod), {gracePeriodSeconds: 0});
  });

  test('the signal ends an exec stream', async () => {
    const abort = new AbortController();
    const options = {container: 'main', command: ['cat'], signal: abort.signal};
    const stream = await stage.cluster.exec(nameOf(stage.running), options);
    stream.on('error', () => {});

    abort.abort();
    await new Promise(resolve => stream.once('close', resolve));

    await expect(stage.cluster.exec(nameOf(stage.running), options)).rejects.toThrow('aborted');
  });

  test('the log of a Pod is what its container wrote, or the last lines of it', async () => {
    const whole = await stage.cluster.podLog(nameOf(stage.running), {container: 'main'});
    const tail = await stage.cluster.podLog(nameOf(stage.running), {container: 'main', tailLines: 1});

    expect(whole).toBe('one\ntwo\n');
    expect(tail).toBe('two\n');
  });
}
