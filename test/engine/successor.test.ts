import {expect, test} from 'vitest';

import {attach, create, logs, run, runDetached, waitFor, written} from './client.ts';
import {objects, openEngine, openNamespace, podOf, recorded, successorOf, until} from './support.ts';

const all = {all: true, limit: undefined, filters: new Map<string, string[]>(), size: false};

test('a new daemon sees the same list, logs and exit codes', async () => {
  const engine = await openEngine();
  await create(engine, ['true'], {name: 'created'});
  await runDetached(engine, ['sh', '-c', 'echo running; sleep 60'], {name: 'running', Labels: {a: 'b'}});
  await run(engine, ['sh', '-c', 'echo exited; exit 3'], {name: 'exited'});
  const before = engine.containers.list(all);

  const successor = await successorOf(engine);

  expect(successor.containers.list(all)).toEqual(before);
  expect(await logs(successor, 'running')).toBe('running\n');
  expect(await logs(successor, 'exited')).toBe('exited\n');
  expect(await waitFor(successor, 'exited', 'not-running')).toBe(3);
  for (const name of ['created', 'running', 'exited']) {
    expect(successor.containers.inspect(name)).toEqual(engine.containers.inspect(name));
  }
});

test('a name stays taken under a new daemon', async () => {
  const engine = await openEngine();
  await create(engine, ['true'], {name: 'web'});

  const successor = await successorOf(engine);

  await expect(create(successor, ['true'], {name: 'web'})).rejects.toThrow('already in use');
});

test('a container that was created by the last daemon runs under the next', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['echo', 'hello']);

  const successor = await successorOf(engine);
  const attached = await attach(successor, id);
  await successor.containers.start(id);

  expect(await written(attached)).toBe('1:hello\n');
});

test('what ended while no daemon ran has its exit code and its end', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'read line; exit 7'], {OpenStdin: true, StdinOnce: true});
  const {stdin} = await attach(engine, id, {stdin: true});
  await engine.containers.start(id);
  await recorded(engine, id, 'running');

  // The end of stdin reaches the process when the daemon's connection ends.
  expect(stdin).toBeDefined();
  const successor = await successorOf(engine);

  expect(await waitFor(successor, id, 'not-running')).toBe(7);
  expect(successor.containers.inspect(id).State).toMatchObject({Status: 'exited', ExitCode: 7});
});

test('a container with --rm that ended while no daemon ran is removed by the next', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'read line; exit 7'], {
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {AutoRemove: true},
  });
  await attach(engine, id, {stdin: true});
  await engine.containers.start(id);

  const successor = await successorOf(engine);

  await until(() => objects(successor).length === 0);
  expect(successor.containers.list(all)).toEqual([]);
});

test('a running container with --rm is there under a new daemon', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60'], {HostConfig: {AutoRemove: true}});

  const successor = await successorOf(engine);

  expect(successor.containers.inspect(id).State.Running).toBe(true);
});

test.each(['vanished', 'ended'])(
  'a container with --rm whose Pod %s while no daemon ran is removed',
  async fate => {
    const engine = await openEngine();
    const id = await runDetached(engine, ['sleep', '60'], {HostConfig: {AutoRemove: true}});
    engine.kill();
    const name = `bad-${id.slice(0, 20)}`;
    if (fate === 'vanished') engine.namespace.vanish(name);
    else engine.namespace.store.patch('pods', name, {status: {phase: 'Failed', reason: 'Evicted'}});

    const successor = await openEngine({namespace: engine.namespace});

    await until(() => objects(successor).length === 0);
    expect(successor.containers.list(all)).toEqual([]);
  },
);

test('a container whose Pod vanished while no daemon ran has ended with 137', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60']);
  await recorded(engine, id, 'running');
  engine.kill();
  engine.namespace.vanish(`bad-${id.slice(0, 20)}`);

  const successor = await openEngine({namespace: engine.namespace});

  expect(successor.containers.inspect(id).State).toMatchObject({
    Status: 'exited',
    ExitCode: 137,
    Error: 'its Pod is gone',
  });
  await recorded(successor, id, 'exited');
});

test('a container whose Pod ended while no daemon ran starts again on a new one', async () => {
  const engine = await openEngine();
  const {id} = await run(engine, ['echo', 'hello']);
  engine.kill();
  engine.namespace.store.patch('pods', `bad-${id.slice(0, 20)}`, {
    status: {phase: 'Failed', reason: 'Evicted'},
  });

  const successor = await openEngine({namespace: engine.namespace});
  const attached = await attach(successor, id);
  await successor.containers.start(id);

  expect(await written(attached)).toBe('1:hello\n');
});

test('Pods without a record are deleted, those of others are not', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true']);
  engine.kill();
  engine.namespace.store.remove('secrets', `bad-${id.slice(0, 20)}`);
  await engine.namespace
    .cluster('other')
    .createPod({metadata: {name: 'theirs'}, spec: {containers: [{name: 'main', command: ['sleep', '60']}]}});

  const successor = await openEngine({namespace: engine.namespace});

  expect(objects(successor)).toEqual([]);
  expect(engine.namespace.store.find('pods', 'theirs')).toBeDefined();
});

test('a record that cannot be read is left alone, and so is its Pod', async () => {
  const namespace = openNamespace();
  const engine = await openEngine({namespace});
  const id = await runDetached(engine, ['sleep', '60']);
  await recorded(engine, id, 'running');
  engine.kill();
  const name = `bad-${id.slice(0, 20)}`;
  namespace.store.patch('secrets', name, {
    data: {container: Buffer.from('{"version":2}').toString('base64')},
  });

  const successor = await openEngine({namespace});

  expect(successor.containers.list(all)).toEqual([]);
  expect(podOf(successor, id)).toBeDefined();
  expect(successor.logged).toEqual([expect.stringContaining(name)]);
});
