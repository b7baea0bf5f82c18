import {Conflict, InvalidRequest, NotFound, NotReady, Unavailable} from '../errors.ts';
import {MANAGED_BY_LABEL, OWNER_LABEL, ownLabels} from '../translate/labels.ts';
import type {ChannelStream} from './channel-stream.ts';
import type {Cluster, Pod, Secret, Watched} from './cluster.ts';
import {createConfigMaps} from './config-maps.ts';
import {openExec} from './exec-stream.ts';
import {createOwnership} from './ownership.ts';
import {openPort} from './port-stream.ts';
import type {Transport} from './transport.ts';
import {startWatch, type Watchable, withoutManagedFields} from './watch.ts';

export interface KubernetesOptions {
  transport: Transport;
  namespace: string;
  owner: string;
  log: (line: string) => void;
  /** Told each stream into a Pod that opens. */
  opened: (stream: ChannelStream) => void;
}

const maxLog = 16 * 1024 * 1024;

/** The `Cluster` over the API server: the words of `cluster.ts`, one call each. */
export function createKubernetesCluster({
  transport,
  namespace,
  owner,
  log,
  opened,
}: KubernetesOptions): Cluster {
  const root = `/api/v1/namespaces/${namespace}`;
  const labels = ownLabels(owner);
  const labelSelector = [MANAGED_BY_LABEL, OWNER_LABEL].map(name => `${name}=${labels[name]}`).join(',');
  const ownership = createOwnership(owner, (kind, name) =>
    transport.json({method: 'GET', path: `${root}/${kind}/${name}`}),
  );

  async function create<K extends keyof Watched>(kind: K, object: Watched[K]): Promise<Watched[K]> {
    const path = `${root}/${kind}`;
    const metadata = {...object.metadata, labels: {...object.metadata?.labels, ...labels}};
    const body = {...object, apiVersion: 'v1', kind: kind === 'pods' ? 'Pod' : 'Secret', metadata};
    const post = async () => await transport.json<Watched[K]>({method: 'POST', path, body});
    const created = await post().catch(async (error: unknown) => {
      if (!(error instanceof Unavailable) || error.reason !== 'connection') throw error;
      // The connection was lost under the call: it may have been made or not. Our names are random, so a namesake now is the one of the first try.
      return await post().catch(async (second: unknown) => {
        if (!(second instanceof Conflict)) throw second;
        const name = metadata.name ?? '';
        await ownership.uidOf(kind, name);
        return await transport.json<Watched[K]>({method: 'GET', path: `${path}/${name}`});
      });
    });
    ownership.learn(kind, created);
    return withoutManagedFields(created);
  }

  async function patch<K extends keyof Watched>(kind: K, name: string, change: object): Promise<Watched[K]> {
    const strategy = kind === 'pods' ? 'strategic-merge' : 'merge';
    const uid = await ownership.uidOf(kind, name);
    const metadata = 'metadata' in change && typeof change.metadata === 'object' ? change.metadata : {};
    try {
      const patched = await transport.json<Watched[K]>({
        method: 'PATCH',
        path: `${root}/${kind}/${name}`,
        contentType: `application/${strategy}-patch+json`,
        body: {...change, metadata: {...metadata, uid}},
      });
      return withoutManagedFields(patched);
    } catch (error) {
      // So the API server says that the name belongs to another object by now.
      if (!(error instanceof InvalidRequest && error.message.includes('metadata.uid'))) throw error;
      ownership.forget(kind, name);
      throw new NotFound(`${kind} "${name}" not found`);
    }
  }

  /** The uid is always a precondition: a name can be taken anew, and by someone else. */
  async function remove(
    kind: keyof Watched,
    name: string,
    options: {uid?: string; gracePeriodSeconds?: number},
  ): Promise<void> {
    try {
      const uid = options.uid ?? (await ownership.uidOf(kind, name));
      const {gracePeriodSeconds} = options;
      await transport.json({
        method: 'DELETE',
        path: `${root}/${kind}/${name}`,
        body: {preconditions: {uid}, ...(gracePeriodSeconds === undefined ? {} : {gracePeriodSeconds})},
      });
    } catch (error) {
      // Gone already, or a namesake in its place: the one that was meant exists no more.
      if (!(error instanceof NotFound || error instanceof Conflict)) throw error;
    }
  }

  async function into<T extends ChannelStream>(pod: string, open: () => Promise<T>): Promise<T> {
    await ownership.uidOf('pods', pod);
    try {
      const stream = await open();
      opened(stream);
      return stream;
    } catch (error) {
      // The next try comes soon.
      if (error instanceof NotReady) transport.warm();
      throw error;
    }
  }

  return {
    namespace,
    ...createConfigMaps({transport, path: `${root}/configmaps`, labels, labelSelector}),
    async createPod(pod) {
      const created = create('pods', pod);
      // A stream into it follows: connect while the container starts.
      transport.warm();
      return await created;
    },
    createSecret: async (secret: Secret) => await create('secrets', secret),
    patchPod: async (name, change): Promise<Pod> => await patch('pods', name, change),
    patchSecret: async (name, change) => await patch('secrets', name, change),
    deletePod: async (name, options) => await remove('pods', name, options),
    deleteSecret: async (name, options = {}) => await remove('secrets', name, options),
    watch(kind, handler, signal) {
      // The kind of a generic parameter is not narrowed by TypeScript: pods and secrets are both Watchable.
      const learning = ownership.learning<Watched[typeof kind] & Watchable>(kind, handler);
      return startWatch({transport, path: `${root}/${kind}`, labelSelector, handler: learning, log, signal});
    },
    exec: async (pod, options) => await into(pod, () => openExec({transport, namespace, pod, ...options})),
    connect: async (pod, options) => await into(pod, () => openPort({transport, namespace, pod, ...options})),
    async podLog(pod, {container, tailLines}) {
      await ownership.uidOf('pods', pod);
      return await transport.text({
        method: 'GET',
        path: `${root}/pods/${pod}/log`,
        query: {container, tailLines, limitBytes: maxLog},
      });
    },
  };
}
