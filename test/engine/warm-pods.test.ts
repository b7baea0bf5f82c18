import {expect, test} from 'vitest';

import {Unavailable} from '../../src/errors.ts';
import {imageNamed} from '../translate/records.ts';
import {create, run, runDetached, waitFor} from './client.ts';
import {objects, openEngine, openNamespace, podOf, type TestEngine, until} from './support.ts';

const removed = {HostConfig: {AutoRemove: true}};

/** The names of the Pods that hold, each with its image. */
function held({namespace}: TestEngine): string[] {
  const pods = namespace.store.list('pods', 'tester');
  const records = new Set(namespace.store.list('secrets', 'tester').map(({metadata}) => metadata?.name));
  return pods.filter(({metadata}) => !records.has(metadata?.name)).map(({metadata}) => metadata?.name ?? '');
}

/** Resolves when so many Pods hold and have a running agent. */
async function holds(engine: TestEngine, count: number): Promise<string[]> {
  await until(
    () =>
      held(engine).length === count &&
      held(engine).every(name => engine.namespace.store.find('pods', name)?.status?.phase === 'Running'),
  );
  return held(engine);
}

test('after a run a Pod of its image holds, and the next run takes it', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await run(engine, ['true'], removed);
  const [pod] = await holds(engine, 1);

  const {exitCode, id, output} = await run(engine, ['sh', '-c', 'echo $A; exit 3'], {
    Env: ['A=secret'],
    ...removed,
  });

  expect(`bad-${id.slice(0, 20)}`).toBe(pod);
  expect({exitCode, output}).toEqual({exitCode: 3, output: '1:secret\n'});
});

test('a run that takes a held Pod asks the cluster for no Pod but the next one to hold', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await run(engine, ['true'], removed);
  await holds(engine, 1);
  await until(() => engine.namespace.calls.filter(call => call === 'connect').length >= 2);
  const before = engine.namespace.calls.length;

  const id = await create(engine, ['true']);
  await engine.containers.start(id);

  expect(engine.namespace.calls.slice(before, before + 2).toSorted()).toEqual(['createPod', 'createSecret']);
  expect(podOf(engine, id)?.status?.phase).toBe('Running');
  const [next] = await holds(engine, 1);
  expect(next).not.toBe(`bad-${id.slice(0, 20)}`);
});

test.each([
  ['memory', {HostConfig: {Memory: 64 * 1024 * 1024}}],
  ['a hostname', {Hostname: 'web'}],
  ['a capability', {HostConfig: {CapDrop: ['CHOWN']}}],
  ['another image', {Image: 'busybox'}],
])('a container with %s of its own does not fit a held Pod', async (_, request) => {
  const engine = await openEngine({warm: {count: 1}});
  await run(engine, ['true'], removed);
  const [pod] = await holds(engine, 1);

  const id = await create(engine, ['true'], request);

  expect(`bad-${id.slice(0, 20)}`).not.toBe(pod);
});

test('what differs by the message alone fits: variables, user, directory, terminal', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await run(engine, ['true'], removed);
  const [pod] = await holds(engine, 1);

  const id = await create(engine, ['pwd'], {
    Env: ['A=b'],
    User: '1000',
    WorkingDir: '/tmp',
    Tty: true,
    OpenStdin: true,
    Labels: {a: 'b'},
  });

  expect(`bad-${id.slice(0, 20)}`).toBe(pod);
});

test('of two containers made at once one takes the held Pod', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await run(engine, ['true'], removed);
  await holds(engine, 1);

  const results = await Promise.all([run(engine, ['echo', 'one']), run(engine, ['echo', 'two'])]);

  expect(results.map(({output}) => output)).toEqual(['1:one\n', '1:two\n']);
  expect(new Set(results.map(({id}) => id)).size).toBe(2);
  await holds(engine, 1);
});

test('a held Pod of an image that is used no longer is given back', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await run(engine, ['true'], removed);
  const [alpine] = await holds(engine, 1);

  await run(engine, ['true'], {Image: 'busybox', ...removed});

  await until(() => !held(engine).includes(alpine ?? ''));
  await holds(engine, 1);
});

test('images of the settings keep their held Pods', async () => {
  const engine = await openEngine({warm: {count: 1, images: ['alpine', 'nosuch']}});
  const [alpine] = await holds(engine, 1);

  await run(engine, ['true'], {Image: 'busybox', ...removed});

  expect(await holds(engine, 2)).toContain(alpine);
  expect(engine.logged).toEqual([expect.stringContaining('nosuch')]);
});

test('an idle held Pod is given back', async () => {
  const engine = await openEngine({warm: {count: 1, idleSeconds: 0.2}});
  await run(engine, ['true'], removed);

  await holds(engine, 1);
  await until(() => objects(engine).length === 0);
});

test('an engine that stops gives its held Pods back, and leaves its containers', async () => {
  const engine = await openEngine({warm: {count: 2}});
  const id = await runDetached(engine, ['sleep', '60']);
  await holds(engine, 2);

  await engine.stop();

  expect(held(engine)).toEqual([]);
  expect(podOf(engine, id)?.status?.phase).toBe('Running');
});

test('a new daemon deletes the held Pods of the last one', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await run(engine, ['true'], removed);
  await holds(engine, 1);
  engine.kill();

  const successor = await openEngine({namespace: engine.namespace});

  expect(objects(successor)).toEqual([]);
});

test('a held Pod that vanished is not taken', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await run(engine, ['true'], removed);
  const [pod] = await holds(engine, 1);
  engine.namespace.vanish(pod ?? '');
  await until(() => engine.namespace.calls.at(-1) === 'deletePod');

  await expect(run(engine, ['echo', 'hello'])).resolves.toMatchObject({output: '1:hello\n', exitCode: 0});
});

test('a held Pod that vanished unseen costs a run nothing but time', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await run(engine, ['true'], removed);
  const [pod] = await holds(engine, 1);
  engine.namespace.vanish(pod ?? '');

  await expect(run(engine, ['echo', 'hello'])).resolves.toMatchObject({output: '1:hello\n', exitCode: 0});
});

test('a held Pod that could not be made does not fail the container that would have had it', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await create(engine, ['true']);
  await holds(engine, 1);
  engine.namespace.failNext('createPod', new Unavailable('planned'));

  // Takes the one that holds, and asks for the next, which fails.
  const second = create(engine, ['true']);
  const third = second.then(() => create(engine, ['true']));

  await expect(Promise.all([second, third])).resolves.toHaveLength(2);
});

test('a pull holds a Pod, and answers when a node has the image', async () => {
  const engine = await openEngine({warm: {count: 1}});
  const release = engine.namespace.holdPods();
  const pulled = engine.imagePulled(imageNamed('alpine'), AbortSignal.timeout(10_000));
  release();

  expect(await pulled).toBe(true);
  const [pod] = await holds(engine, 1);
  const id = await create(engine, ['true']);
  expect(`bad-${id.slice(0, 20)}`).toBe(pod);
});

test("a pull of an image that no node can have fails with the node's words", async () => {
  const engine = await openEngine({warm: {count: 1}});
  engine.namespace.holdPods();
  const pulled = engine.imagePulled(imageNamed('alpine'), AbortSignal.timeout(10_000));
  const failed = expect(pulled).rejects.toThrow('ErrImagePull: manifest unknown');
  await until(() => held(engine).length === 1);

  engine.namespace.store.patch('pods', held(engine)[0] ?? '', {
    status: {
      containerStatuses: [
        {name: 'main', state: {waiting: {reason: 'ErrImagePull', message: 'manifest unknown'}}},
      ],
    },
  });

  await failed;
  await until(() => held(engine).length === 0);
});

test('without held Pods a pull asks for none', async () => {
  const namespace = openNamespace();
  const engine = await openEngine({namespace, warm: {count: 0}});

  expect(await engine.imagePulled(imageNamed('alpine'), AbortSignal.timeout(10_000))).toBe(false);
  const id = await runDetached(engine, ['true']);
  await waitFor(engine, id, 'not-running');

  expect(held(engine)).toEqual([]);
});
