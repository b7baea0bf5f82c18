import type {Engine, Images, SystemFacts} from '../api/engine.ts';
import type {Cluster, Pod, Secret, Watch} from '../cluster/cluster.ts';
import {NotFound} from '../errors.ts';
import type {ContainerImage} from '../translate/container-record.ts';
import {objectName} from '../translate/labels.ts';
import {predefinedNetworks} from '../translate/networks.ts';
import {type Filters, matchesName} from '../wire/filters.ts';
import {ContainerIndex} from './container-index.ts';
import {ContainerRegistry} from './containers.ts';
import type {EngineContext} from './context.ts';
import {ExecRegistry} from './execs.ts';
import {PodPool} from './pod-pool.ts';
import {reconcile} from './reconcile.ts';
import {removeContainer} from './remove-container.ts';
import {WarmPods, type WarmSettings} from './warm-pods.ts';

/** After this long without a word (milliseconds) the cluster counts as unreachable. */
const SILENCE = 150_000;

export interface EngineOptions {
  context: EngineContext;
  cluster: Cluster;
  images: Images & {
    replaceSecrets(secrets: readonly Secret[]): void;
    applySecret(secret: Secret): void;
    removeSecret(secret: Secret): void;
  };
  warm: WarmSettings;
  system: SystemFacts;
}

export interface EngineCounts {
  containers: {running: number; created: number; paused: number; exited: number};
  /** as `127.0.0.1:8080` to `80/tcp`; `retrying` while the way to the container is being rebuilt */
  forwards: {container: string; local: string; target: string; state: 'up' | 'retrying'}[];
  links: {connected: number; broken: number};
}

export interface RunningEngine extends Engine {
  /** An image was pulled: a Pod of it is held from now on. Resolves when a node has the image; false when none was asked to. @throws what the node said */
  imagePulled(image: ContainerImage, signal: AbortSignal): Promise<boolean>;
  counts(): EngineCounts;
  /** Whether the cluster is heard from; both watches have a bookmark each minute at least. */
  watch(): {reachable: boolean; watchAgeMs: number};
  /** Removes every container. @returns how many, and what could not be removed */
  removeAll(): Promise<{containers: number; leftovers: string[]}>;
  /** The containers run on. */
  stop(): Promise<void>;
}

/** Watches the namespace, finds what an earlier daemon left, and serves Docker's calls from then on. */
export async function startEngine({
  context,
  cluster,
  images,
  warm,
  system,
}: EngineOptions): Promise<RunningEngine> {
  const index = new ContainerIndex();
  const pool: PodPool = new PodPool(context, (name, end) => {
    warmPods.ended(name);
    for (const container of index) if (objectName(container.id) === name) container.podEnded(end);
  });
  const warmPods = new WarmPods(warm, context, pool);
  const registry = new ContainerRegistry({context, index, pool, warmPods});
  const execs = new ExecRegistry(reference => index.find(reference));
  const ending = new AbortController();
  const found = await watchNamespace({cluster, index, images, pool, signal: ending.signal});
  await reconcile(found, {context, index, pool, registry});
  warmPods.begin();

  return {
    containers: registry,
    execs,
    images,
    events: context.events,
    networks: networksOf(index, system.startedAt),
    system,
    imagePulled: (image, signal) => warmPods.pulled(image, signal),
    counts: () => countsOf(index),
    watch() {
      const age = Math.max(...found.watches.map(watch => watch.age()));
      return {reachable: age < SILENCE, watchAgeMs: age};
    },
    async removeAll() {
      const containers = [...index];
      const rooms = {context, index, pool};
      const outcomes = await Promise.allSettled(
        containers.map(container =>
          removeContainer(container, {reference: container.name, force: true}, rooms),
        ),
      );
      const leftovers = containers
        .filter((_, place) => outcomes[place]?.status === 'rejected')
        .map(({name}) => `container ${name}`);
      await warmPods.close();
      return {containers: containers.length - leftovers.length, leftovers};
    },
    async stop() {
      ending.abort();
      await warmPods.close();
      await Promise.all([...index].map(container => container.detach()));
      pool.close();
    },
  };
}

interface Watching {
  cluster: Cluster;
  index: ContainerIndex;
  images: EngineOptions['images'];
  pool: PodPool;
  signal: AbortSignal;
}

async function watchNamespace({
  cluster,
  index,
  images,
  pool,
  signal,
}: Watching): Promise<{secrets: Secret[]; pods: Pod[]; watches: Watch[]}> {
  let pods: Pod[] = [];
  let secrets: Secret[] = [];
  let seen = new Set<string | undefined>();
  const podWatch = cluster.watch(
    'pods',
    {
      replaced(list) {
        pods = list;
        pool.replaced(list);
      },
      changed: pod => pool.observe(pod),
      deleted: pod => pool.deleted(pod),
    },
    signal,
  );
  const secretWatch = cluster.watch(
    'secrets',
    {
      replaced(list) {
        secrets = list;
        images.replaceSecrets(list);
        const present = new Set(list.map(({metadata}) => metadata?.name));
        // A record that is newer than the list has not been seen yet, and is not gone.
        for (const name of seen) if (!present.has(name)) forget(index, name);
        seen = present;
      },
      changed(secret) {
        seen.add(secret.metadata?.name);
        images.applySecret(secret);
      },
      deleted(secret) {
        seen.delete(secret.metadata?.name);
        images.removeSecret(secret);
        forget(index, secret.metadata?.name);
      },
    },
    signal,
  );
  await Promise.all([podWatch.ready, secretWatch.ready]);
  return {pods, secrets, watches: [podWatch, secretWatch]};
}

/** Somebody deleted a record behind our back: the container is gone. */
function forget(index: ContainerIndex, name: string | undefined): void {
  for (const container of index) {
    if (objectName(container.id) !== name || container.removing) continue;
    index.delete(container);
    container.removed();
  }
}

function networksOf(index: ContainerIndex, startedAt: Date) {
  const all = () =>
    predefinedNetworks(
      startedAt.toISOString(),
      [...index].flatMap(({id, name, running, agent}) =>
        running && agent?.ip !== undefined ? [{id, name, podIp: agent.ip}] : [],
      ),
    );
  return {
    list: (filters: Filters) => all().filter(network => matchesName(filters, String(network['Name']))),
    inspect(reference: string) {
      const network = all().find(
        ({Name, Id}) => Name === reference || (reference.length >= 4 && String(Id).startsWith(reference)),
      );
      if (!network) throw new NotFound(`network ${reference} not found`);
      return network;
    },
  };
}

function countsOf(index: ContainerIndex): EngineCounts {
  const counts: EngineCounts = {
    containers: {running: 0, created: 0, paused: 0, exited: 0},
    forwards: [],
    links: {connected: 0, broken: 0},
  };
  for (const {agent, name, state} of index) {
    counts.containers[state.status] += 1;
    if (agent?.link.connected) counts.links.connected += 1;
    else if (agent?.link.state) counts.links.broken += 1;
    if (state.status !== 'running') continue;
    for (const {containerPort, hostIp, hostPort} of state.ports) {
      const local = hostIp.includes(':') ? `[${hostIp}]:${hostPort}` : `${hostIp}:${hostPort}`;
      counts.forwards.push({
        container: name,
        local,
        target: containerPort,
        state: agent?.link.connected ? 'up' : 'retrying',
      });
    }
  }
  return counts;
}
