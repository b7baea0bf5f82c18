import {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, onTestFinished, test} from 'vitest';

import type {Cluster, Pod} from '../../src/cluster/cluster.ts';
import {newAgentKey} from '../../src/engine/agent-key.ts';
import type {AgentPod} from '../../src/engine/agent-pod.ts';
import {PodPool} from '../../src/engine/pod-pool.ts';
import {Forbidden, NotReady, Unavailable} from '../../src/errors.ts';
import type {AgentKey} from '../../src/translate/container-record.ts';
import {AGENT, AGENT_PORT} from '../../src/translate/pod-for-container.ts';
import type {MemoryNamespace} from '../fakes/memory-cluster.ts';
import {openNamespace, until} from './support.ts';

const key = newAgentKey();
const command = [AGENT, 'init', '--port', String(AGENT_PORT), '--key', key.hash];
const spec: NonNullable<Pod['spec']> = {containers: [{name: 'main', image: 'busybox', command}]};

type Connect = Cluster['connect'];

interface Stage {
  /** What comes of the first connections to the port, one each; later ones are real. */
  first?: (() => ReturnType<Connect>)[];
  relistsOnDemand?: boolean;
  /** What the watch tells of a Pod. */
  told?: (pod: Pod) => Pod;
  /** What the daemon has of the Pod's key. */
  known?: AgentKey | undefined;
}

interface Open {
  namespace: MemoryNamespace;
  agent: AgentPod;
  first: NonNullable<Stage['first']>;
  create(name: string): Promise<AgentPod>;
}

/** A Pod of a namespace and the link to its agent. */
async function openPod(stage: Stage = {}): Promise<Open> {
  const {first = [], relistsOnDemand = true, told = pod => pod} = stage;
  const known = 'known' in stage ? stage.known : key;
  const namespace = openNamespace();
  const real = namespace.cluster();
  const cluster: Cluster = {
    ...real,
    async connect(pod, options) {
      const planned = first.shift();
      if (!planned) return await real.connect(pod, options);
      namespace.calls.push('connect');
      return await planned();
    },
  };
  const pool = new PodPool({cluster, relistsOnDemand}, () => {});
  const ending = new AbortController();
  onTestFinished(() => {
    ending.abort();
    pool.close();
  });
  const watch = cluster.watch(
    'pods',
    {replaced() {}, changed: pod => pool.observe(told(pod)), deleted: pod => pool.deleted(pod)},
    ending.signal,
  );
  await watch.ready;
  const create = (name: string) => pool.create({metadata: {name}, spec}, known);
  return {namespace, agent: await create('bad-1'), first, create};
}

/** A connection that opens and comes to this end, as far as it is an error. */
function endingWith(error?: Error) {
  return async () => {
    const stream = new Duplex({read() {}, write: (_chunk, _encoding, callback) => callback()});
    stream.on('error', () => {});
    setImmediate(() => (error ? stream.destroy(error) : stream.push(null)));
    return stream;
  };
}

const refused = new NotReady('error forwarding port 61061: connect: connection refused');
const lost = new Unavailable('The connection to the container was lost.', {reason: 'connection'});

test('the link goes over the port', async () => {
  const {agent, namespace} = await openPod();

  await agent.link.ready();

  expect(namespace.calls).toEqual(['createPod', 'connect']);
});

test('without its key the port is not tried', async () => {
  const {agent, namespace} = await openPod({known: undefined});

  await agent.link.ready();

  expect(namespace.calls).toEqual(['createPod', 'exec']);
});

test('an agent that was given another key is reached over exec', async () => {
  const {agent, namespace} = await openPod({known: newAgentKey()});

  await agent.link.ready();

  expect(namespace.calls.slice(0, 2)).toEqual(['createPod', 'connect']);
  expect(namespace.calls.at(-1)).toBe('exec');
});

test('without the right to the port the link goes over exec at once', async () => {
  const {agent, namespace} = await openPod({
    first: [() => Promise.reject(new Forbidden('cannot create resource "pods/portforward"'))],
  });

  await agent.link.ready();

  expect(namespace.calls).toEqual(['createPod', 'connect', 'exec']);
});

test('a port that is refused again and again is given up for exec, and stays so', async () => {
  const {agent, namespace} = await openPod({first: Array.from({length: 20}, () => endingWith(refused))});
  await agent.link.ready();
  const before = namespace.calls.lastIndexOf('connect');

  namespace.cutStreams();
  await until(() => namespace.calls.lastIndexOf('exec') > before + 1 && agent.link.connected);

  expect(before).toBeGreaterThan(1);
  expect(namespace.calls.lastIndexOf('connect')).toBe(before);
});

test.for([
  ['closes without a byte', undefined],
  ['is closed on us', new Unavailable('error forwarding port 61061: connection reset by peer')],
] as const)('a port that %s is given up for exec at once', async ([, end]) => {
  const {agent, namespace} = await openPod({first: [endingWith(end)]});

  await agent.link.ready();

  expect(namespace.calls.slice(0, 3)).toEqual(['createPod', 'connect', 'exec']);
});

test('after two Pods whose port is closed the next one goes over exec', async () => {
  const {agent, namespace, create} = await openPod({first: [endingWith(), endingWith()]});
  await agent.link.ready();
  const second = await create('bad-2');
  await second.link.ready();

  const third = await create('bad-3');
  await third.link.ready();

  expect(namespace.calls.filter(call => call === 'connect')).toHaveLength(2);
});

test('one Pod whose port is open, and those with a closed one are no rule', async () => {
  const {agent, namespace, create, first} = await openPod();
  await agent.link.ready();
  first.push(endingWith(), endingWith());
  for (const name of ['bad-2', 'bad-3', 'bad-4']) await (await create(name)).link.ready();

  expect(namespace.calls.filter(call => call === 'connect')).toHaveLength(4);
});

test('one refusal is none: the agent may be about to listen', async () => {
  const {agent, namespace} = await openPod({first: [endingWith(refused)]});

  await agent.link.ready();

  expect(namespace.calls).toEqual(['createPod', 'connect', 'connect']);
});

test('a cluster that cannot be reached says nothing of the port', async () => {
  const unreachable = () => Promise.reject(lost);
  const {agent, namespace} = await openPod({
    first: [endingWith(lost), unreachable, endingWith(lost), unreachable, endingWith(refused)],
  });

  await agent.link.ready();

  expect(namespace.calls).not.toContain('exec');
});

test('a port over which the agent has greeted is never given up', async () => {
  const {agent, namespace, first} = await openPod();
  await agent.link.ready();
  const resumed = new Promise<void>(resolve => agent.link.onResumed(resolve));

  first.push(endingWith(refused), endingWith(), endingWith(refused));
  namespace.cutStreams();
  await resumed;

  expect(namespace.calls).not.toContain('exec');
});

test('where the cluster is slow to tell that a container runs, the port is tried before it does', async () => {
  const {agent, namespace} = await openPod({
    relistsOnDemand: false,
    told: stillPending,
    first: [() => Promise.reject(new NotReady('pod not found ("bad-1_memory")')), endingWith(refused)],
  });

  await agent.link.ready();

  expect(agent.waitingFor).toBe('the node prepares the container');
  expect(namespace.calls).toEqual(['createPod', 'connect', 'connect', 'connect']);
});

test('where the cluster tells it at once, nothing is tried before', async () => {
  const {agent, namespace} = await openPod({told: stillPending});
  await until(() => agent.pod?.spec?.nodeName !== undefined);
  await sleep(400);

  expect(namespace.calls).toEqual(['createPod']);
});

function stillPending(pod: Pod): Pod {
  return {...pod, status: {phase: 'Pending'}};
}
