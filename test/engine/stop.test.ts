import {expect, test} from 'vitest';

import {Conflict, InvalidRequest, NotModified, Unavailable} from '../../src/errors.ts';
import {secretForContainer} from '../../src/translate/container-record.ts';
import {createdState} from '../../src/translate/container-record.ts';
import {recordOf} from '../translate/records.ts';
import {attach, create, logs, runDetached, waitFor, written} from './client.ts';
import {
  actions,
  event,
  objects,
  openEngine,
  openNamespace,
  recorded,
  stateRecorded,
  until,
} from './support.ts';

/** A process that says when it listens to SIGTERM, and what it does then. */
const deaf = ['sh', '-c', 'trap "echo no" TERM; echo ready; while :; do sleep 0.01; done'];
const obedient = ['sh', '-c', 'trap "echo bye; exit 5" TERM; echo ready; while :; do sleep 0.01; done'];

async function ready(
  engine: Awaited<ReturnType<typeof openEngine>>,
  command: string[],
  more?: Record<string, unknown>,
): Promise<string> {
  const id = await create(engine, command, more);
  const {output} = await attach(engine, id);
  await engine.containers.start(id);
  for await (const chunk of output) {
    expect(chunk).toBeDefined();
    break;
  }
  return id;
}

test('a stop sends the signal, and answers when the process has ended', async () => {
  const engine = await openEngine();
  const id = await ready(engine, obedient);

  await engine.containers.stop(id, {signal: undefined, timeout: 10});

  expect(engine.containers.inspect(id).State).toMatchObject({Status: 'exited', ExitCode: 5});
  expect(await logs(engine, id)).toBe('ready\nbye\n');
  expect(await actions(engine, id)).toEqual(['create', 'attach', 'start', 'kill', 'die', 'stop']);
});

test('a stop kills what does not end in time', async () => {
  const engine = await openEngine();
  const id = await ready(engine, deaf);

  await engine.containers.stop(id, {signal: undefined, timeout: 1});

  expect(engine.containers.inspect(id).State).toMatchObject({Status: 'exited', ExitCode: 137});
  const signals = engine.happened
    .filter(({Action}) => Action === 'kill')
    .map(({Actor}) => Actor.Attributes['signal']);
  expect(signals).toEqual(['15', '9']);
});

test('a stop without patience kills at once', async () => {
  const engine = await openEngine();
  const id = await ready(engine, deaf);

  await engine.containers.stop(id, {signal: undefined, timeout: 0});

  expect(engine.containers.inspect(id).State).toMatchObject({ExitCode: 137});
});

test.each([
  ['the call', {}, 'USR1'],
  ['the container', {StopSignal: 'SIGUSR1'}, undefined],
])('a stop takes the signal of %s', async (_, request, signal) => {
  const engine = await openEngine();
  const id = await ready(
    engine,
    ['sh', '-c', 'trap "exit 9" USR1; echo ready; while :; do sleep 0.01; done'],
    request,
  );

  await engine.containers.stop(id, {signal, timeout: 10});

  expect(engine.containers.inspect(id).State.ExitCode).toBe(9);
});

test('a stop of what does not run changes nothing', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true']);

  await expect(engine.containers.stop(id, {signal: undefined, timeout: 0})).rejects.toThrow(NotModified);
});

test('a kill with another signal than SIGKILL does not wait for an end', async () => {
  const engine = await openEngine();
  const id = await ready(engine, deaf);

  await engine.containers.kill(id, 'SIGTERM');
  expect(engine.containers.inspect(id).State.Running).toBe(true);
  await engine.containers.kill(id, undefined);

  expect(engine.containers.inspect(id).State).toMatchObject({Status: 'exited', ExitCode: 137});
});

test('a kill is refused in the words of dockerd', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true'], {name: 'cre1'});

  await expect(engine.containers.kill('cre1', undefined)).rejects.toThrow(Conflict);
  await expect(engine.containers.kill('cre1', undefined)).rejects.toThrow(
    `cannot kill container: cre1: container ${id} is not running`,
  );
  await expect(engine.containers.kill('cre1', 'BOGUS')).rejects.toThrow(InvalidRequest);
  await expect(engine.containers.kill('cre1', 'BOGUS')).rejects.toThrow(
    'cannot kill container: cre1: invalid signal: BOGUS',
  );
});

test('a running container is removed by force only, and its readers reach its last byte', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'seq 1 1000; exec sleep 60'], {name: 'run1'});
  const attached = await attach(engine, id);
  await engine.containers.start(id);
  const remove = (force: boolean) => engine.containers.remove('run1', {force, volumes: false});
  const read = written(attached);

  await expect(remove(false)).rejects.toThrow(
    'cannot remove container "run1": container is running: stop the container before removing or force remove',
  );
  await until(() => engine.containers.inspect(id).State.Running);
  await expect.poll(() => logs(engine, id)).toMatch(/\n1000\n$/);
  await remove(true);

  expect((await read).split('\n')).toHaveLength(1001);
  expect(await actions(engine, id)).toEqual(['create', 'attach', 'start', 'kill', 'die', 'destroy']);
  await until(() => objects(engine).length === 0);
});

test('a removal that fails leaves the container as it is, and the next one works', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true']);
  engine.namespace.failNext('deleteSecret', new Unavailable('planned'));

  await expect(engine.containers.remove(id, {force: false, volumes: false})).rejects.toThrow('planned');
  await engine.containers.start(id);
  await waitFor(engine, id, 'not-running');
  await recorded(engine, id, 'exited');
  await engine.containers.remove(id, {force: false, volumes: false});

  expect(() => engine.containers.inspect(id)).toThrow('No such container');
});

test('a container that a failed removal has killed is recorded as exited', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60']);
  await recorded(engine, id, 'running');
  engine.namespace.failNext('deleteSecret', new Unavailable('planned'));

  await expect(engine.containers.remove(id, {force: true, volumes: false})).rejects.toThrow('planned');

  await recorded(engine, id, 'exited');
  expect(engine.containers.inspect(id).State).toMatchObject({Status: 'exited', ExitCode: 137});
});

test('a Pod that cannot be deleted does not keep its container, and the log says so', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true']);
  engine.namespace.failNext('deletePod', new Unavailable('planned'));

  await engine.containers.remove(id, {force: false, volumes: false});

  await event(engine, 'destroy', id);
  await until(() => engine.logged.length > 0);
  expect(engine.logged).toEqual([expect.stringContaining('planned')]);
});

test('a state that could not be written is written again', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'exit 3']);
  engine.namespace.failNext('patchSecret', new Unavailable('planned'));

  await engine.containers.start(id);
  await waitFor(engine, id, 'not-running');

  await recorded(engine, id, 'exited');
  expect(stateRecorded(engine, id)).toMatchObject({exitCode: 3});
});

test('while it runs again a container still has the time of its last end, as in Docker', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['cat'], {OpenStdin: true, StdinOnce: true});
  const first = await attach(engine, id, {stdin: true});
  await engine.containers.start(id);
  first.stdin?.end();
  await waitFor(engine, id, 'not-running');
  const {FinishedAt} = engine.containers.inspect(id).State;

  await engine.containers.start(id);

  expect(engine.containers.inspect(id).State).toMatchObject({Running: true, ExitCode: 0, FinishedAt});
});

test('a node whose clock is behind that of the last run starts a container all the same', async () => {
  const namespace = openNamespace();
  const record = recordOf({Cmd: ['sh', '-c', 'exit 3']});
  const tomorrow = String(BigInt(Date.now() + 86_400_000) * 1_000_000n);
  const state = {...createdState, status: 'exited' as const, startedAt: tomorrow, finishedAt: tomorrow};
  await namespace.cluster().createSecret(secretForContainer(record, state, 'tester'));
  const engine = await openEngine({namespace});

  await engine.containers.start(record.id);

  expect(await waitFor(engine, record.id, 'not-running')).toBe(3);
});

test('an engine stops although the cluster takes no state any more', async () => {
  const namespace = openNamespace();
  const cluster = namespace.cluster();
  const patchSecret: typeof cluster.patchSecret = () => Promise.reject(new Unavailable('planned'));
  const engine = await openEngine({namespace, cluster: {...cluster, patchSecret}});
  await runDetached(engine, ['sleep', '60']);

  await expect(engine.stop()).resolves.toBeUndefined();
});
