import {setImmediate as turn} from 'node:timers/promises';

import {expect, test} from 'vitest';

import type {Cluster, Pod, WatchHandler} from '../../src/cluster/cluster.ts';
import {attach, create, logs, run, runDetached, waitFor, written} from './client.ts';
import {
  actions,
  event,
  losePod,
  objects,
  openEngine,
  openNamespace,
  podOf,
  type TestEngine,
  until,
} from './support.ts';

function vanish({namespace}: TestEngine, id: string): void {
  namespace.vanish(`bad-${id.slice(0, 20)}`);
}

test('a Pod that vanishes ends its container with 137, and says why to who is attached', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sh', '-c', 'echo begun; sleep 60']);
  const attached = await attach(engine, id);
  const exit = waitFor(engine, id, 'next-exit');
  await engine.containers.start(id);

  await losePod(engine, () => vanish(engine, id));

  expect(await exit).toBe(137);
  // What was written in the last moments may be lost with the Pod.
  expect(await written(attached)).toMatch(/^(1:begun\n)?2:the Pod was deleted\n$/);
  expect(engine.containers.inspect(id).State).toMatchObject({
    Status: 'exited',
    ExitCode: 137,
    Error: 'the Pod was deleted',
    Pid: 0,
  });
  expect((await event(engine, 'die', id)).Actor.Attributes).toMatchObject({exitCode: '137'});
});

test('an evicted container says so', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60']);

  engine.namespace.store.patch('pods', `bad-${id.slice(0, 20)}`, {
    status: {phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory.'},
  });

  expect(await waitFor(engine, id, 'not-running')).toBe(137);
  expect(engine.containers.inspect(id).State).toMatchObject({Error: 'Evicted: The node was low on memory.'});
});

test('a container whose whole Pod ran out of memory is marked so', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60']);

  engine.namespace.store.patch('pods', `bad-${id.slice(0, 20)}`, {
    status: {
      phase: 'Failed',
      containerStatuses: [{name: 'main', state: {terminated: {exitCode: 137, reason: 'OOMKilled'}}}],
    },
  });
  await event(engine, 'die', id);

  expect(engine.containers.inspect(id).State).toMatchObject({OOMKilled: true, ExitCode: 137});
  expect(await actions(engine, id)).toEqual(['create', 'start', 'oom', 'die']);
});

test('with --rm a container whose Pod vanishes is removed', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60'], {HostConfig: {AutoRemove: true}});
  const removed = waitFor(engine, id, 'removed');

  vanish(engine, id);

  expect(await removed).toBe(137);
  expect(objects(engine)).toEqual([]);
});

test('a created or exited container outlives its Pod', async () => {
  const engine = await openEngine();
  const {id} = await run(engine, ['true']);

  await losePod(engine, () => vanish(engine, id));

  expect(engine.containers.inspect(id).State).toMatchObject({Status: 'exited', ExitCode: 0, Error: ''});
  expect(await logs(engine, id)).toBe('');
});

test.each([
  ['vanished', (engine: TestEngine, id: string) => vanish(engine, id)],
  [
    'ended and lies there',
    (engine: TestEngine, id: string) => {
      engine.namespace.store.patch('pods', `bad-${id.slice(0, 20)}`, {
        status: {phase: 'Failed', reason: 'Evicted'},
      });
    },
  ],
])('a start after the Pod has %s makes a new one', async (_, lose) => {
  const engine = await openEngine();
  const {id} = await run(engine, ['sh', '-c', 'echo run']);
  const uid = podOf(engine, id)?.metadata?.uid;
  await losePod(engine, () => lose(engine, id));

  const attached = await attach(engine, id);
  await engine.containers.start(id);

  expect(await written(attached)).toBe('1:run\n');
  expect(podOf(engine, id)?.metadata?.uid).not.toBe(uid);
});

test('a list that is older than a Pod does not take it for gone', async () => {
  const namespace = openNamespace();
  const {cluster, handler, release} = withheldPods(namespace.cluster());
  const engine = await openEngine({namespace, cluster});
  const id = await create(engine, ['true']);

  handler().replaced([]);
  await turn();
  release();

  await expect(engine.containers.start(id)).resolves.toBeUndefined();
});

test('Pods and records of a broken watch are found again by its list', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60']);
  await until(() => engine.counts().links.connected === 1);

  vanish(engine, id);
  engine.namespace.interruptWatches();

  expect(await waitFor(engine, id, 'not-running')).toBe(137);
});

test('a container that was made while the watch was broken stays', async () => {
  const engine = await openEngine();

  const running = runDetached(engine, ['sleep', '60']);
  for (let round = 0; round < 20; round++) {
    engine.namespace.interruptWatches();
    await turn();
  }
  const id = await running;
  engine.namespace.interruptWatches();
  await turn();

  expect(engine.containers.inspect(id).State.Running).toBe(true);
});

/** The watch tells nothing of Pods until it is released. */
function withheldPods(cluster: Cluster) {
  let held: (() => void)[] | undefined = [];
  const tell = (news: () => void) => {
    if (held) held.push(news);
    else news();
  };
  let pods: WatchHandler<Pod> | undefined;
  const watch: Cluster['watch'] = (kind, handler, signal) => {
    if (kind !== 'pods') return cluster.watch(kind, handler, signal);
    pods = handler;
    return cluster.watch(
      kind,
      {
        ...handler,
        changed: pod => tell(() => handler.changed(pod)),
        deleted: pod => tell(() => handler.deleted(pod)),
      },
      signal,
    );
  };
  return {
    cluster: {...cluster, watch},
    handler: () => pods ?? expect.unreachable(),
    release() {
      for (const news of held ?? []) news();
      held = undefined;
    },
  };
}
