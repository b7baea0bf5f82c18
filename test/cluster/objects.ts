import {ApiError, openApi, type Api} from './api.ts';
import {nodeName} from './components.ts';
import {testNamespace} from './config-files.ts';
import {ensureNamespace} from './namespaces.ts';
import {until} from './processes.ts';

/** Waits until the API server answers at all, be it that it is not ready. */
export async function waitForPort(signal: AbortSignal): Promise<void> {
  await withApi(signal, api => until(async () => (await answerOf(api, '/livez')) !== 'refused', signal, 25));
}

/** Waits until the API server has made its own roles and serves everything. */
export async function waitForApi(signal: AbortSignal): Promise<void> {
  await withApi(signal, api => until(async () => (await answerOf(api, '/readyz')) === 'success', signal, 25));
}

/** Makes what a cluster of today offers its users: storage, a second runtime, and the namespace of the tests. */
export async function makeObjects(signal: AbortSignal): Promise<void> {
  await withApi(signal, async api => {
    await api.apply('/apis/storage.k8s.io/v1/storageclasses/standard', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: {name: 'standard', annotations: {'storageclass.kubernetes.io/is-default-class': 'true'}},
      provisioner: 'kubernetes.io/host-path',
      reclaimPolicy: 'Delete',
    });
    await api.apply('/apis/node.k8s.io/v1/runtimeclasses/runc-alt', {
      apiVersion: 'node.k8s.io/v1',
      kind: 'RuntimeClass',
      metadata: {name: 'runc-alt'},
      handler: 'runc-alt',
    });
    await ensureNamespace(api, testNamespace, {signal});
  });
}

/** Whether the node is Ready and takes Pods; false too if the API server does not answer. */
export async function isNodeUsable(signal: AbortSignal): Promise<boolean> {
  return withApi(signal, async api => (await stageOf(api)) === 'usable').catch(() => false);
}

/** Waits until the node has come so far. A registered one takes no Pods before a controller has seen it Ready. */
export async function waitForNode(stage: 'registered' | 'usable', signal: AbortSignal): Promise<void> {
  const reached = stage === 'usable' ? [stage] : [stage, 'usable'];
  await withApi(signal, api => until(async () => reached.includes(await stageOf(api)), signal, 25));
}

type Node = {
  spec: {taints?: {key: string}[]};
  status?: {conditions?: {type: string; status: string}[]};
};

async function stageOf(api: Api): Promise<'absent' | 'registered' | 'usable'> {
  const path = `/api/v1/nodes/${nodeName}`;
  const node = await api.call('GET', path).then(
    answer => answer as Node,
    () => undefined,
  );
  if (node === undefined) {
    return 'absent';
  }
  const ready = node.status?.conditions?.some(({type, status}) => type === 'Ready' && status === 'True');
  return ready && (node.spec.taints ?? []).length === 0 ? 'usable' : 'registered';
}

async function answerOf(api: Api, path: string): Promise<'success' | 'error' | 'refused'> {
  return api.call('GET', path).then(
    () => 'success',
    (error: unknown) => {
      if (error instanceof ApiError) {
        return 'error';
      }
      if (
        error instanceof Error &&
        'code' in error &&
        ['ECONNREFUSED', 'ECONNRESET'].includes(String(error.code))
      ) {
        return 'refused';
      }
      throw error;
    },
  );
}

async function withApi<T>(signal: AbortSignal, work: (api: Api) => Promise<T>): Promise<T> {
  const api = await openApi(signal);
  try {
    return await work(api);
  } finally {
    api.close();
  }
}
