import type {Duplex} from 'node:stream';

import type {Cluster} from '../../src/cluster/cluster.ts';

/** A cluster as a daemon sees it that may be killed at any moment: what it asks afterwards is never done, and it hears nothing more. */
export function mortalCluster(cluster: Cluster): {cluster: Cluster; kill(): void} {
  const life = new AbortController();
  const streams = new Set<Duplex>();
  const alive = async <T>(ask: () => Promise<T>): Promise<T> =>
    await (life.signal.aborted ? new Promise<never>(() => {}) : ask());
  const kept = (open: () => Promise<Duplex>): Promise<Duplex> =>
    alive(async () => {
      const stream = await open();
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
      if (life.signal.aborted) stream.destroy();
      return stream;
    });
  return {
    cluster: {
      ...cluster,
      createPod: pod => alive(() => cluster.createPod(pod)),
      patchPod: (name, patch) => alive(() => cluster.patchPod(name, patch)),
      deletePod: (name, options) => alive(() => cluster.deletePod(name, options)),
      createSecret: secret => alive(() => cluster.createSecret(secret)),
      patchSecret: (name, patch) => alive(() => cluster.patchSecret(name, patch)),
      deleteSecret: (name, options) => alive(() => cluster.deleteSecret(name, options)),
      watch: (kind, handler, signal) => cluster.watch(kind, handler, AbortSignal.any([signal, life.signal])),
      exec: (pod, options) => kept(() => cluster.exec(pod, options)),
      connect: (pod, options) => kept(() => cluster.connect(pod, options)),
    },
    kill() {
      life.abort();
      for (const stream of streams) stream.destroy();
    },
  };
}
