import {setImmediate as turn} from 'node:timers/promises';

import {expect, onTestFinished, vi} from 'vitest';

import type {Cluster} from '../../src/cluster/cluster.ts';
import {type EngineOptions, type RunningEngine, startEngine} from '../../src/engine/engine.ts';
import {EventLog} from '../../src/engine/event-log.ts';
import type {WarmSettings} from '../../src/engine/warm-pods.ts';
import {NotFound} from '../../src/errors.ts';
import {type Publication, publishPorts} from '../../src/ports/forwarder.ts';
import {type ContainerState, containerFromSecret} from '../../src/translate/container-record.ts';
import {objectName} from '../../src/translate/labels.ts';
import type {DockerEvent} from '../../src/wire/events.ts';
import {noFilters} from '../../src/wire/filters.ts';
import {MemoryNamespace} from '../fakes/memory-cluster.ts';
import {imageNamed} from '../translate/records.ts';
import {mortalCluster} from './mortal-cluster.ts';

const agent = new URL(
  `../../src/agent/bin/agent-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`,
  import.meta.url,
).pathname;

/** A namespace whose Pods run the real agent. */
export function openNamespace(): MemoryNamespace {
  const namespace = new MemoryNamespace({agent});
  onTestFinished(() => namespace.close());
  return namespace;
}

/** An engine over a namespace, with all that has happened in it. */
export interface TestEngine extends RunningEngine {
  namespace: MemoryNamespace;
  log: EventLog;
  /** Every event since the engine was made. */
  happened: DockerEvent[];
  /** What went to the daemon's log. */
  logged: string[];
  /** The daemon dies by SIGKILL: it hears, asks and listens no more, and writes nothing. */
  kill(): void;
}

interface TestEngineOptions {
  namespace?: MemoryNamespace;
  cluster?: Cluster;
  warm?: Partial<WarmSettings>;
}

/** An engine that knows the images alpine and busybox, without held Pods unless they are asked for. */
export async function openEngine({
  namespace = openNamespace(),
  cluster = namespace.cluster(),
  warm,
}: TestEngineOptions = {}): Promise<TestEngine> {
  const log = new EventLog();
  const happened: DockerEvent[] = [];
  const logged: string[] = [];
  const publications = new Set<Publication>();
  const mortal = mortalCluster(cluster);
  const ending = new AbortController();
  void follow(log, happened, ending.signal);
  const engine = await startEngine({
    cluster: mortal.cluster,
    images: noImages,
    warm: {count: 0, idleSeconds: 60, images: [], ...warm},
    system,
    context: {
      cluster: mortal.cluster,
      relistsOnDemand: true,
      events: log,
      policy: {allowNonLoopback: false},
      podSettings: {
        owner: 'tester',
        requests: {cpu: '10m', memory: '32Mi'},
        agentConfigMap: () => 'bad-agent',
      },
      resolveImage(reference) {
        if (!['alpine', 'busybox'].includes(reference)) throw new NotFound(`No such image: ${reference}`);
        return imageNamed(reference);
      },
      async publishPorts(requests, dial) {
        const publication = await publishPorts(requests, dial, {allowNonLoopback: false});
        publications.add(publication);
        return publication;
      },
      now: clock(),
      log: (message, detail) => logged.push(`${message} ${JSON.stringify(detail)}`),
    },
  });
  let killed = false;
  const kill = () => {
    killed = true;
    mortal.kill();
    ending.abort();
    for (const publication of publications) publication.close();
  };
  onTestFinished(async () => {
    ending.abort();
    const stopped = engine.stop();
    // One that was killed has writes under way that never end.
    if (!killed) await stopped;
  });
  return {...engine, namespace, log, happened, logged, kill};
}

const system: EngineOptions['system'] = {
  version: '0',
  architecture: 'amd64',
  kubernetesVersion: () => undefined,
  namespace: 'memory',
  contextName: 'memory',
  server: 'memory:',
  daemonId: 'tester',
  startedAt: new Date(),
};

async function follow(log: EventLog, happened: DockerEvent[], signal: AbortSignal): Promise<void> {
  for await (const one of log.subscribe({since: undefined, until: undefined, filters: noFilters, signal}))
    happened.push(one);
}

/** Never the same time twice: lists are sorted by it. */
function clock(): () => bigint {
  let last = 0n;
  return () => {
    const now = BigInt(Date.now()) * 1_000_000n;
    last = now > last ? now : last + 1n;
    return last;
  };
}

const noImages: EngineOptions['images'] = {
  pull: () => Promise.reject(new NotFound('no images here')),
  list: () => [],
  inspect() {
    throw new NotFound('no images here');
  },
  replaceSecrets() {},
  applySecret() {},
  removeSecret() {},
};

/** Waits long: the machine of a test may be busy. */
export async function until(condition: () => boolean): Promise<void> {
  await vi.waitUntil(condition, {timeout: 10_000, interval: 2});
}

/** Waits for an event of a container. */
export async function event(engine: TestEngine, action: string, id?: string): Promise<DockerEvent> {
  const wanted = () =>
    engine.happened.find(({Action, Actor}) => Action === action && (id === undefined || Actor.ID === id));
  await until(() => wanted() !== undefined);
  return wanted() ?? expect.unreachable();
}

/** The names of all events of a container so far. */
export async function actions(engine: TestEngine, id: string): Promise<string[]> {
  // Subscribers are told in a turn of their own.
  await turn();
  return engine.happened.filter(({Actor}) => Actor.ID === id).map(({Action}) => Action);
}

/** What is in the namespace: `pods/bad-…` and `secrets/bad-…`. */
export function objects({namespace}: TestEngine): string[] {
  return (['pods', 'secrets'] as const).flatMap(kind =>
    namespace.store.list(kind, 'tester').map(({metadata}) => `${kind}/${metadata?.name}`),
  );
}

export function podOf({namespace}: TestEngine, id: string) {
  return namespace.store.find('pods', objectName(id));
}

/** Resolves when the engine, which has one container with a Pod, has seen that its Pod is gone. */
export async function losePod(engine: TestEngine, lose: () => void): Promise<void> {
  await until(() => engine.counts().links.connected === 1);
  lose();
  await until(() => Object.values(engine.counts().links).every(count => count === 0));
}

/** The daemon dies and another takes its place. */
export async function successorOf(engine: TestEngine): Promise<TestEngine> {
  engine.kill();
  return await openEngine({namespace: engine.namespace});
}

/** Resolves when a container's record says this of it. */
export async function recorded(engine: TestEngine, id: string, status: string): Promise<void> {
  await until(() => stateRecorded(engine, id)?.status === status);
}

export function stateRecorded({namespace}: TestEngine, id: string): ContainerState | undefined {
  const secret = namespace.store.find('secrets', objectName(id));
  return secret && containerFromSecret(secret)?.state;
}
