import {randomBytes} from 'node:crypto';

import {connectCluster} from '../../src/cluster/connect.ts';
import {NotReady} from '../../src/errors.ts';
import {MANAGED_BY, MANAGED_BY_LABEL, OWNER_LABEL} from '../../src/translate/labels.ts';
import {type BenchStage, timed} from './table.ts';

/** The least that Kubernetes does for a command in a new Pod: POST, exec as soon as it is taken, DELETE. The Pod has one ConfigMap volume, as every container of ours. */
export async function barePod({
  badidea,
  cluster,
}: BenchStage): Promise<{measure(): Promise<number>; close(): Promise<void>}> {
  const connection = await connectCluster({
    kubeconfig: cluster.kubeconfigAdmin,
    namespace: badidea.namespace,
    owner: 'bench',
    log: () => {},
  });
  const kubernetes = connection.cluster;
  const labels = {[MANAGED_BY_LABEL]: MANAGED_BY, [OWNER_LABEL]: 'bench'};
  await kubernetes.ensureConfigMap({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {name: 'bad-bench', labels},
    immutable: true,
    data: {file: 'x'},
  });
  const running = new Map<string, () => void>();
  const ending = new AbortController();
  const watch = kubernetes.watch(
    'pods',
    {
      replaced() {},
      changed: pod => {
        if (pod.status?.containerStatuses?.[0]?.state?.running) running.get(pod.metadata?.name ?? '')?.();
      },
      deleted() {},
    },
    ending.signal,
  );
  await watch.ready;

  async function once(): Promise<void> {
    const name = `bad-bench-${randomBytes(6).toString('hex')}`;
    const up = new Promise<void>(resolve => running.set(name, resolve));
    await kubernetes.createPod({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {name, labels},
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'main',
            image: 'busybox',
            imagePullPolicy: 'IfNotPresent',
            command: ['sleep', '1000'],
            volumeMounts: [{name: 'file', mountPath: '/file'}],
          },
        ],
        volumes: [{name: 'file', configMap: {name: 'bad-bench'}}],
      },
    });
    await up;
    await execTrue(name);
    await kubernetes.deletePod(name, {gracePeriodSeconds: 0});
  }

  async function execTrue(name: string): Promise<void> {
    for (;;) {
      try {
        const stream = await kubernetes.exec(name, {container: 'main', command: ['true']});
        stream.resume();
        stream.end();
        await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
        return;
      } catch (error) {
        if (!(error instanceof NotReady)) throw error;
      }
    }
  }

  return {
    measure: () => timed(once),
    async close() {
      ending.abort();
      await kubernetes.deleteConfigMaps();
      await connection.close();
    },
  };
}
