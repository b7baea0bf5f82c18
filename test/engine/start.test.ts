import {setImmediate as turn} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {Conflict, InvalidRequest, NotModified, Unavailable} from '../../src/errors.ts';
import {attach, create, logs, run, runDetached, waitFor, written} from './client.ts';
import {event, losePod, objects, openEngine, openNamespace, podOf, until} from './support.ts';

const oci =
  'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ';

test.each([
  [['nocmd'], {}, 127, `${oci}exec: "nocmd": executable file not found in $PATH: unknown`],
  [['/no/such'], {}, 127, `${oci}exec: "/no/such": stat /no/such: no such file or directory: unknown`],
  [['/etc/passwd'], {}, 126, `${oci}exec: "/etc/passwd": permission denied: unknown`],
  [['/etc'], {}, 126, `${oci}exec: "/etc": permission denied: unknown`],
  [['true'], {WorkingDir: '/etc/passwd'}, 128, 'Cannot mkdir: /etc/passwd is not a directory'],
  [['true'], {User: 'nouser'}, 126, 'unable to find user nouser: no matching entries in passwd file'],
])(
  '%j with %j does not start, with code %i and in the words of dockerd',
  async (command, more, code, words) => {
    const engine = await openEngine();
    const id = await create(engine, command, more);

    const started = engine.containers.start(id);

    await expect(started).rejects.toMatchObject({message: words});
    expect(engine.containers.inspect(id).State).toMatchObject({
      Status: 'created',
      Running: false,
      ExitCode: code,
      Error: words,
    });
  },
);

test("a program that is not there is the request's fault (400), a user who is not is not (500)", async () => {
  const engine = await openEngine();
  const program = await create(engine, ['nocmd']);
  const user = await create(engine, ['true'], {User: 'nouser'});

  await expect(engine.containers.start(program)).rejects.toThrow(InvalidRequest);
  await expect(engine.containers.start(user)).rejects.not.toThrow(InvalidRequest);
});

test('a failed start with --rm removes the container and answers who waits for that', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['nocmd'], {HostConfig: {AutoRemove: true}});
  const removed = waitFor(engine, id, 'removed');

  await expect(engine.containers.start(id)).rejects.toThrow('executable file not found');

  expect(await removed).toBe(127);
  await until(() => objects(engine).length === 0);
});

test('after a failed start the container can be started again', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true'], {});
  await losePod(engine, () => engine.namespace.vanish(`bad-${id.slice(0, 20)}`));
  engine.namespace.failNext('createPod', new Unavailable('planned'));
  const attempt = async () => await engine.containers.start(id);
  await expect(attempt()).rejects.toThrow('planned');

  await attempt();

  expect(await waitFor(engine, id, 'not-running')).toBe(0);
});

test('of two starts at once one starts, and the other finds it running', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sleep', '60']);

  const outcomes = await Promise.allSettled([engine.containers.start(id), engine.containers.start(id)]);

  expect(outcomes).toMatchObject([
    {status: 'fulfilled'},
    {status: 'rejected', reason: expect.any(NotModified)},
  ]);
});

test('a start goes on when the first connections to the Pod fail', async () => {
  const engine = await openEngine();
  engine.namespace.failNext('connect', new Unavailable('planned'));
  engine.namespace.failNext('connect', new Unavailable('planned'));

  await expect(run(engine, ['echo', 'hello'])).resolves.toMatchObject({output: '1:hello\n', exitCode: 0});
});

test('a container starts again on the same Pod, and its logs go on', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sh', '-c', 'echo run']);
  await waitFor(engine, id, 'not-running');
  const uid = podOf(engine, id)?.metadata?.uid;

  await engine.containers.start(id);
  await waitFor(engine, id, 'not-running');

  expect(podOf(engine, id)?.metadata?.uid).toBe(uid);
  expect(await logs(engine, id)).toBe('run\nrun\n');
});

test('who attaches to an exited container reads its next run, from its first byte', async () => {
  const engine = await openEngine();
  const {id} = await run(engine, ['sh', '-c', 'echo run']);

  const attached = await attach(engine, id);
  await engine.containers.start(id);

  expect(await written(attached)).toBe('1:run\n');
});

test("an image that the node cannot have fails the start with the node's words", async () => {
  const engine = await openEngine();
  engine.namespace.holdPods();
  const id = await create(engine, ['true']);
  const started = engine.containers.start(id);

  engine.namespace.store.patch('pods', `bad-${id.slice(0, 20)}`, {
    status: {
      containerStatuses: [
        {name: 'main', state: {waiting: {reason: 'ErrImagePull', message: 'manifest unknown'}}},
      ],
    },
  });

  await expect(started).rejects.toThrow(Unavailable);
  await expect(started).rejects.toThrow("the container's Pod could not run: ErrImagePull: manifest unknown");
  expect(engine.containers.inspect(id).State).toMatchObject({Status: 'created', ExitCode: 128});
});

test('a container can be removed while its start hangs, and the start fails', async () => {
  const engine = await openEngine();
  engine.namespace.holdPods();
  const id = await create(engine, ['true']);
  const started = engine.containers.start(id);
  const failed = expect(started).rejects.toThrow('the container was removed');
  await turn();

  await engine.containers.remove(id, {force: true, volumes: false});

  await failed;
  await until(() => objects(engine).length === 0);
  expect(() => engine.containers.inspect(id)).toThrow(`No such container: ${id}`);
});

test('a removal that is under way forbids a start and another removal', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true'], {name: 'web'});
  const removal = engine.containers.remove(id, {force: false, volumes: false});

  await expect(engine.containers.remove('web', {force: true, volumes: false})).rejects.toThrow(
    new Conflict('removal of container web is already in progress'),
  );
  await expect(engine.containers.start(id)).rejects.toThrow(Conflict);
  await removal;
  await event(engine, 'destroy', id);
});

test('a container that is removed while its next Pod is being made leaves none behind', async () => {
  const namespace = openNamespace();
  const cluster = namespace.cluster();
  const made = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let pods = 0;
  const createPod: typeof cluster.createPod = async pod => {
    if (++pods > 1) {
      asked.resolve();
      await made.promise;
    }
    return await cluster.createPod(pod);
  };
  const engine = await openEngine({namespace, cluster: {...cluster, createPod}});
  const id = await create(engine, ['true']);
  await losePod(engine, () => namespace.vanish(`bad-${id.slice(0, 20)}`));
  const failed = expect(engine.containers.start(id)).rejects.toThrow('the container was removed');
  await asked.promise;

  await engine.containers.remove(id, {force: true, volumes: false});
  made.resolve();

  await failed;
  await until(() => objects(engine).length === 0);
});
