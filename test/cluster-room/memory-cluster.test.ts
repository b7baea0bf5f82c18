import {existsSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, onTestFinished, test} from 'vitest';

import type {Cluster, Pod} from '../../src/cluster/cluster.ts';
import {NotReady, Unavailable} from '../../src/errors.ts';
import {AGENT, CONNECT_COMMAND} from '../../src/translate/pod-for-container.ts';
import {MemoryNamespace} from '../fakes/memory-cluster.ts';

const agent = new URL(
  `../../src/agent/bin/agent-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`,
  import.meta.url,
).pathname;

function open(): {namespace: MemoryNamespace; cluster: Cluster} {
  const namespace = new MemoryNamespace({agent});
  onTestFinished(() => namespace.close());
  return {namespace, cluster: namespace.cluster()};
}

function podRunning(...command: string[]): Pod {
  return {metadata: {name: 'bad-1'}, spec: {containers: [{name: 'main', image: 'busybox', command}]}};
}

async function execWhenReady(cluster: Cluster, command: string[]) {
  for (;;) {
    try {
      return await cluster.exec('bad-1', {container: 'main', command});
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      await sleep(10);
    }
  }
}

function exitCode({status}: Pod): number | undefined {
  return status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
}

test.runIf(process.platform === 'linux' && existsSync(agent))(
  'a Pod runs the real agent, and an exec of it is answered',
  async () => {
    const {cluster} = open();
    await cluster.createPod(podRunning(AGENT, 'init'));

    const stream = await execWhenReady(cluster, CONNECT_COMMAND);
    // The vector `hello-first` of test/link/vectors.txt; the answer is a WELCOME, type 2.
    stream.write(
      Buffer.from('0100001d000000000100000010a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000000', 'hex'),
    );
    const [welcome] = (await stream.take(1).toArray()) as Buffer[];

    expect(welcome?.[0]).toBe(2);
  },
);

test('a planned failure rejects one call and does nothing', async () => {
  const {namespace, cluster} = open();
  namespace.failNext('createSecret', new Unavailable('planned'));

  await expect(cluster.createSecret({metadata: {name: 'bad-1'}})).rejects.toThrow('planned');
  await expect(cluster.createSecret({metadata: {name: 'bad-1'}})).resolves.toBeDefined();
  expect(namespace.calls).toEqual(['createSecret', 'createSecret']);
});

test('a cut breaks every stream and no process', async () => {
  const {namespace, cluster} = open();
  await cluster.createPod(podRunning('sleep', '60'));
  const stream = await execWhenReady(cluster, ['cat']);

  namespace.cutStreams();

  await expect(stream.toArray()).rejects.toThrow(Unavailable);
  await expect(execWhenReady(cluster, ['true'])).resolves.toBeDefined();
});

test('held Pods stay without a node until they are let go', async () => {
  const {namespace, cluster} = open();
  const release = namespace.holdPods();
  await cluster.createPod(podRunning('sleep', '60'));
  await sleep(50);

  await expect(cluster.exec('bad-1', {container: 'main', command: ['true']})).rejects.toThrow(NotReady);
  release();

  await expect(execWhenReady(cluster, ['true'])).resolves.toBeDefined();
});

test('a Pod whose command ends shows its exit code, a Pod that vanishes is told as deleted', async () => {
  const {namespace, cluster} = open();
  const told: string[] = [];
  const abort = new AbortController();
  const watch = cluster.watch(
    'pods',
    {
      replaced: () => {},
      changed: pod => told.push(`${pod.status?.phase} ${exitCode(pod) ?? ''}`.trim()),
      deleted: () => told.push('deleted'),
    },
    abort.signal,
  );
  await watch.ready;
  await cluster.createPod(podRunning('sh', '-c', 'exit 7'));
  while (!told.includes('Failed 7')) await sleep(10);

  namespace.vanish('bad-1');
  while (!told.includes('deleted')) await sleep(10);

  expect(told).toEqual(['Pending', 'Pending', 'Running', 'Failed 7', 'deleted']);
});

test('after an interruption a watch is told everything that is there', async () => {
  const {namespace, cluster} = open();
  const lists: (string | undefined)[][] = [];
  const watch = cluster.watch(
    'secrets',
    {
      replaced: objects => lists.push(objects.map(({metadata}) => metadata?.name)),
      changed: () => {},
      deleted: () => {},
    },
    AbortSignal.timeout(5000),
  );
  await watch.ready;

  const made = cluster.createSecret({metadata: {name: 'bad-1'}});
  namespace.interruptWatches();
  await made;
  namespace.interruptWatches();
  while (!lists.some(list => list.includes('bad-1'))) await sleep(10);

  expect(lists[0]).toEqual([]);
});
