import {expect, test} from 'vitest';

import {attach, create, logs, run, runDetached, waitFor, written} from './client.ts';
import {actions, event, objects, openEngine} from './support.ts';

const removed = {HostConfig: {AutoRemove: true}};

test('a cold `docker run --rm` costs five calls to the cluster', async () => {
  const engine = await openEngine();

  const {exitCode, output} = await run(engine, ['sh', '-c', 'echo hello; exit 3'], removed);
  await expect.poll(() => objects(engine)).toEqual([]);

  expect({exitCode, output}).toEqual({exitCode: 3, output: '1:hello\n'});
  expect(engine.namespace.calls).toEqual([
    'createPod',
    'createSecret',
    'connect',
    'deleteSecret',
    'deletePod',
  ]);
});

test('with a published port it costs one more, so that the next daemon listens on the same', async () => {
  const engine = await openEngine();
  const HostConfig = {AutoRemove: true, PortBindings: {'80/tcp': [{HostPort: '0'}]}};

  await run(engine, ['sleep', '0.05'], {HostConfig});
  await expect.poll(() => objects(engine)).toEqual([]);

  expect(engine.namespace.calls.filter(call => call === 'patchSecret')).toHaveLength(1);
  expect(engine.namespace.calls).toHaveLength(6);
});

test('who attached before the start reads from the first byte, and each byte on its own channel', async () => {
  const engine = await openEngine();

  const {output} = await run(engine, ['sh', '-c', 'echo out; echo err >&2']);

  expect(output.split(/(?=[12]:)/).toSorted()).toEqual(['1:out\n', '2:err\n']);
});

test('an exit within a millisecond reaches who waited before the start', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true']);
  const nextExit = waitFor(engine, id, 'next-exit');

  await engine.containers.start(id);

  expect(await nextExit).toBe(0);
  expect(await waitFor(engine, id, 'not-running')).toBe(0);
});

test('fifty runs one after the other lose no output and no exit code', async () => {
  const engine = await openEngine();
  const got: string[] = [];

  for (let round = 0; round < 50; round++) {
    const {exitCode, output} = await run(engine, ['sh', '-c', `echo ${round}; exit ${round}`], removed);
    got.push(`${exitCode} ${output}`);
  }

  expect(got).toEqual(Array.from({length: 50}, (_, round) => `${round} 1:${round}\n`));
  await expect.poll(() => objects(engine)).toEqual([]);
});

test('stdin reaches the process, and its end is the end of the process', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['cat'], {OpenStdin: true, StdinOnce: true});
  const attached = await attach(engine, id, {stdin: true});
  attached.stdin?.write('before the start, ');

  await engine.containers.start(id);
  attached.stdin?.end('after it');

  expect(await written(attached)).toBe('1:before the start, after it');
  expect(await waitFor(engine, id, 'not-running')).toBe(0);
});

test('without -i there is no stdin to attach to', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['cat']);

  const {stdin} = await attach(engine, id, {stdin: true});

  expect(stdin).toBeUndefined();
});

test('the events of a run come in the order of dockerd, without those of networks', async () => {
  const engine = await openEngine();

  const {id} = await run(engine, ['sh', '-c', 'exit 3'], {name: 'web', Labels: {tier: 'front'}, ...removed});
  const destroyed = await event(engine, 'destroy', id);

  expect(await actions(engine, id)).toEqual(['create', 'attach', 'start', 'die', 'destroy']);
  const {Attributes} = (await event(engine, 'die', id)).Actor;
  expect(Attributes).toEqual({tier: 'front', exitCode: '3', execDuration: '0', image: 'alpine', name: 'web'});
  expect(destroyed.Actor.Attributes).toEqual({tier: 'front', image: 'alpine', name: 'web'});
});

test('a process has the environment, the directory and the hostname variable of its container', async () => {
  const engine = await openEngine();

  const {output} = await run(engine, ['sh', '-c', 'echo $A $HOSTNAME; pwd'], {
    Env: ['A=b'],
    Hostname: 'web',
    WorkingDir: '/tmp',
  });

  expect(output).toBe('1:b web\n/tmp\n');
});

test('what is read by nobody is in the logs', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sh', '-c', 'echo out; echo err >&2']);
  await event(engine, 'die', id);

  expect((await logs(engine, id)).split('\n').toSorted()).toEqual(['', 'err', 'out']);
  expect(await logs(engine, id, {stderr: false})).toBe('out\n');
});
