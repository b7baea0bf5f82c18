import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {Conflict, Forbidden, InvalidRequest, NotFound, Unavailable} from '../../src/errors.ts';
import {create, run, waitFor} from './client.ts';
import {objects, openEngine, openNamespace} from './support.ts';

test('a created container has its Pod and its record, and waits', async () => {
  const engine = await openEngine();

  const id = await create(engine, ['true'], {name: 'web'});

  expect(objects(engine)).toEqual([`pods/bad-${id.slice(0, 20)}`, `secrets/bad-${id.slice(0, 20)}`]);
  expect(engine.containers.inspect('web')).toMatchObject({
    Id: id,
    Name: '/web',
    State: {Status: 'created', ExitCode: 0},
  });
  expect(await waitFor(engine, id, 'not-running')).toBe(0);
});

test('a name that is in use is a conflict, and the loser leaves nothing behind', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true'], {name: 'web'});

  const loser = create(engine, ['true'], {name: '/web'});

  await expect(loser).rejects.toThrow(
    new Conflict(
      `Conflict. The container name "/web" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
    ),
  );
  expect(objects(engine)).toHaveLength(2);
});

test('of two creates at once with one name, one has it', async () => {
  const engine = await openEngine();

  const outcomes = await Promise.allSettled([
    create(engine, ['true'], {name: 'web'}),
    create(engine, ['true'], {name: 'web'}),
  ]);

  expect(outcomes.map(({status}) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(objects(engine)).toHaveLength(2);
});

test('a name is free again when its container is removed', async () => {
  const engine = await openEngine();
  await create(engine, ['true'], {name: 'web'});

  await engine.containers.remove('web', {force: false, volumes: false});

  await expect(create(engine, ['true'], {name: 'web'})).resolves.toMatch(/^[0-9a-f]{64}$/);
});

test('a container without a name gets one of two words', async () => {
  const engine = await openEngine();

  const id = await create(engine, ['true']);

  expect(engine.containers.inspect(id).Name).toMatch(/^\/[a-z]+_[a-z]+$/);
});

test.each([
  ['an unknown image', {Image: 'nosuch'}, NotFound, 'No such image: nosuch'],
  ['no image', {Image: ''}, InvalidRequest, 'no command specified'],
  ['no command', {Cmd: [], Entrypoint: ['']}, InvalidRequest, 'no command specified'],
  [
    'a bad name',
    {name: '_bad!'},
    InvalidRequest,
    'Invalid container name (_bad!), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
  ],
  ['what policy refuses', {HostConfig: {Privileged: true}}, Forbidden, '--privileged'],
  [
    'a record that is too large',
    {Env: [`A=${'x'.repeat(800_000)}`]},
    InvalidRequest,
    'too large for its record',
  ],
])('a request with %s is refused and leaves nothing behind', async (_, request, kind, words) => {
  const engine = await openEngine();

  const refused = create(engine, ['true'], request);

  await expect(refused).rejects.toThrow(kind);
  await expect(refused).rejects.toThrow(words);
  expect(objects(engine)).toEqual([]);
});

test.each(['createPod', 'createSecret'] as const)(
  'a %s that fails leaves nothing half-made, and the name free',
  async method => {
    const engine = await openEngine();
    engine.namespace.failNext(method, new Unavailable('planned'));

    await expect(create(engine, ['true'], {name: 'web'})).rejects.toThrow('planned');

    expect(objects(engine)).toEqual([]);
    expect(engine.containers.list({all: true, limit: undefined, filters: new Map(), size: false})).toEqual(
      [],
    );
    await expect(run(engine, ['true'], {name: 'web'})).resolves.toMatchObject({exitCode: 0});
  },
);

test('a record whose writing outlasts the failure of its Pod does not stay', async () => {
  const namespace = openNamespace();
  const cluster = namespace.cluster();
  const slow: typeof cluster.createSecret = async secret => {
    await sleep(50);
    return await cluster.createSecret(secret);
  };
  const engine = await openEngine({namespace, cluster: {...cluster, createSecret: slow}});
  namespace.failNext('createPod', new Forbidden('exceeded quota'));

  await expect(create(engine, ['true'])).rejects.toThrow('exceeded quota');
  await sleep(100);

  expect(objects(engine)).toEqual([]);
});

test('what could not be undone is told to the log', async () => {
  const engine = await openEngine();
  engine.namespace.failNext('createPod', new Unavailable('planned'));
  engine.namespace.failNext('deleteSecret', new Unavailable('also planned'));

  await expect(create(engine, ['true'])).rejects.toThrow('planned');

  expect(engine.logged).toEqual([expect.stringContaining('also planned')]);
});

test('a failed create tells no event', async () => {
  const engine = await openEngine();
  engine.namespace.failNext('createSecret', new Unavailable('planned'));

  await expect(create(engine, ['true'])).rejects.toThrow('planned');

  expect(engine.happened).toEqual([]);
});
