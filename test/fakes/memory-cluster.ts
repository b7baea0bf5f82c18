import type {
  Cluster,
  ClusterAdministration,
  ConfigMap,
  Pod,
  Secret,
  Watched,
} from '../../src/cluster/cluster.ts';
import {isOurs} from '../../src/cluster/ownership.ts';
import {Conflict, InvalidRequest, NotReady} from '../../src/errors.ts';
import {ownLabels} from '../../src/translate/labels.ts';
import {MemoryPod} from './memory-pod.ts';
import {encoded, imagesOf, isMeant, sameContent} from './object-rules.ts';
import {ObjectStore} from './object-store.ts';

type Method = Exclude<keyof Cluster, 'namespace' | 'watch'>;

/** One namespace in memory. Its Pods run their command as local processes: give the agent's binary, and the real agent runs. */
export class MemoryNamespace {
  readonly store = new ObjectStore();
  readonly configMaps = new Map<string, ConfigMap>();
  readonly administration: ClusterAdministration;
  /** Every method called, in order. */
  readonly calls: Method[] = [];
  readonly #agent: string | undefined;
  readonly #pods = new Map<string, MemoryPod>();
  #closed = false;
  readonly #failures: {method: Method; error: Error}[] = [];
  #held: (() => void)[] | undefined;

  constructor(options: {agent?: string; missingRights?: string[]} = {}) {
    this.#agent = options.agent;
    this.administration = {
      contextName: 'memory',
      server: 'memory:',
      userName: 'tester',
      namespace: 'memory',
      serverVersion: async () => ({
        version: 'v1.36.0',
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        relistsOnDemand: true,
      }),
      missingRights: async () => options.missingRights ?? [],
      ensureNamespace: async () => 'exists',
      podSecurityLevel: async () => 'baseline',
    };
  }

  /** The next call of this method rejects with this error, and does nothing. */
  failNext(method: Method, error: Error): void {
    this.#failures.push({method, error});
  }

  /** Every open stream into a Pod breaks, as when the API server restarts. */
  cutStreams(): void {
    for (const pod of this.#pods.values()) pod.cutStreams();
  }

  /** Events under way are lost and every watch lists anew. */
  interruptWatches(): void {
    this.store.interruptWatches();
  }

  /** The Pod vanishes at once and its processes with it, as when its node does. */
  vanish(name: string): void {
    this.#pods.get(name)?.dispose();
    this.#pods.delete(name);
    this.store.remove('pods', name);
  }

  /** Pods that are made from now on stay Pending until the returned function is called: no node, a slow pull. */
  holdPods(): () => void {
    const held: (() => void)[] = [];
    this.#held = held;
    return () => {
      if (this.#held === held) this.#held = undefined;
      for (const start of held) start();
    };
  }

  /** Ends every process, and lets no other begin. */
  close(): void {
    this.#closed = true;
    for (const pod of this.#pods.values()) pod.dispose();
    this.#pods.clear();
  }

  /** The namespace as this owner sees it. */
  cluster(owner = 'tester'): Cluster {
    const labels = ownLabels(owner);
    const {store} = this;
    const called = async <T>(method: Method, action: () => T): Promise<T> => {
      this.calls.push(method);
      await new Promise(setImmediate);
      const failure = this.#failures.findIndex(planned => planned.method === method);
      if (failure >= 0) throw this.#failures.splice(failure, 1)[0]?.error;
      return action();
    };
    const owned = <T extends Pod | Secret | ConfigMap>(object: T): T => ({
      ...object,
      metadata: {...object.metadata, labels: {...object.metadata?.labels, ...labels}},
    });
    const patched = <K extends keyof Watched>(kind: K, name: string, patch: object) => {
      store.get(kind, name, owner);
      return store.patch(kind, name, patch);
    };

    return {
      namespace: 'memory',
      createPod: async pod => await called('createPod', () => this.#createPod(owned(pod))),
      patchPod: async (name, patch) =>
        await called('patchPod', () => {
          const before = imagesOf(store.get('pods', name, owner));
          const pod = patched('pods', name, patch);
          if (imagesOf(pod) !== before) this.#restart(pod);
          return pod;
        }),
      deletePod: async (name, options) =>
        await called('deletePod', () => {
          const found = store.find('pods', name);
          if (!found || !isMeant(found, owner, options.uid)) return;
          this.#deletePod(
            found,
            options.gracePeriodSeconds ?? found.spec?.terminationGracePeriodSeconds ?? 30,
          );
        }),
      createSecret: async secret =>
        await called('createSecret', () => store.create('secrets', owned(encoded(secret)))),
      patchSecret: async (name, patch) =>
        await called('patchSecret', () => patched('secrets', name, encoded(patch))),
      deleteSecret: async (name, options = {}) =>
        await called('deleteSecret', () => {
          const found = store.find('secrets', name);
          if (found && isMeant(found, owner, options.uid)) store.remove('secrets', name);
        }),
      ensureConfigMap: async configMap =>
        await called('ensureConfigMap', () => {
          const name = configMap.metadata?.name ?? '';
          const found = this.configMaps.get(name);
          if (found && !sameContent(found, configMap))
            throw new Conflict(`The ConfigMap "${name}" has another content.`);
          if (!found) this.configMaps.set(name, owned(configMap));
        }),
      deleteConfigMaps: async () =>
        await called('deleteConfigMaps', () => {
          for (const [name, configMap] of this.configMaps)
            if (isOurs(configMap, owner)) this.configMaps.delete(name);
        }),
      watch(kind, handler, signal) {
        const first = Promise.withResolvers<void>();
        let heard = -Infinity;
        store.watch(
          {
            kind,
            owner,
            heard: () => (heard = performance.now()),
            handler: {
              changed: object => handler.changed(object),
              deleted: object => handler.deleted(object),
              replaced(objects) {
                handler.replaced(objects);
                first.resolve();
              },
            },
          },
          signal,
        );
        return {ready: first.promise, age: () => performance.now() - heard};
      },
      exec: async (name, {container, command, signal}) =>
        await called('exec', () => {
          const pod = this.#container(store.get('pods', name, owner), container);
          signal?.throwIfAborted();
          return pod.exec(command, signal);
        }),
      connect: async (name, {port, signal}) =>
        await called('connect', () => {
          signal?.throwIfAborted();
          return this.#running(store.get('pods', name, owner)).connect(port, signal);
        }),
      podLog: async (name, {container, tailLines}) =>
        await called('podLog', () =>
          this.#container(store.get('pods', name, owner), container).log(tailLines),
        ),
    };
  }

  #createPod(pod: Pod): Pod {
    const created = this.store.create('pods', {...pod, status: {phase: 'Pending'}});
    const name = created.metadata?.name ?? '';
    const bind = () => {
      // Deleted before it got a node.
      if (this.#closed || this.store.find('pods', name)?.metadata?.uid !== created.metadata?.uid) return;
      this.store.patch('pods', name, {spec: {nodeName: 'memory'}});
      this.#start(name, created);
    };
    // No node here has a label of its own.
    if (Object.keys(pod.spec?.nodeSelector ?? {}).some(label => !label.startsWith('kubernetes.io/')))
      return created;
    if (this.#held) this.#held.push(bind);
    else setImmediate(bind);
    return created;
  }

  #start(name: string, pod: Pod) {
    const isThere = () => this.store.find('pods', name)?.metadata?.uid === pod.metadata?.uid;
    const container = pod.spec?.containers[0]?.name ?? '';
    const show = (phase: string, state: object) => {
      if (isThere())
        this.store.patch('pods', name, {status: {phase, containerStatuses: [{name: container, state}]}});
    };
    const memoryPod = new MemoryPod({
      pod,
      agent: this.#agent,
      running: () => show('Running', {running: {startedAt: new Date()}}),
      ended: exitCode => {
        show(exitCode === 0 ? 'Succeeded' : 'Failed', {terminated: {exitCode, finishedAt: new Date()}});
        if (isThere() && this.store.find('pods', name)?.metadata?.deletionTimestamp) this.vanish(name);
      },
    });
    this.#pods.set(name, memoryPod);
    void memoryPod.start();
  }

  /** A Pod whose image is patched gets a new container, as the kubelet does. */
  #restart(pod: Pod) {
    const name = pod.metadata?.name ?? '';
    const old = this.#pods.get(name);
    this.#pods.delete(name);
    old?.dispose();
    if (old) this.#start(name, pod);
  }

  #deletePod(pod: Pod, graceSeconds: number) {
    const name = pod.metadata?.name ?? '';
    const stopping = graceSeconds > 0 && (this.#pods.get(name)?.stop(graceSeconds) ?? false);
    if (stopping) this.store.patch('pods', name, {metadata: {deletionTimestamp: new Date()}});
    else this.vanish(name);
  }

  #container(pod: Pod, container: string): MemoryPod {
    if (!pod.spec?.containers.some(one => one.name === container))
      throw new InvalidRequest(`container ${container} is not valid for pod ${pod.metadata?.name}`);
    return this.#running(pod);
  }

  #running({metadata}: Pod): MemoryPod {
    const running = this.#pods.get(metadata?.name ?? '');
    if (!running) throw new NotReady(`pod ${metadata?.name} does not have a host assigned`);
    return running;
  }
}
