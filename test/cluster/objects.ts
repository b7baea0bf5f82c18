import {adminApi, ApiError, type Api} from './api.ts';
import {nodeName} from './components.ts';
import {testNamespace} from './config-files.ts';
import {ensureNamespace} from './namespaces.ts';
import {until} from './processes.ts';

/** Waits until the API server answers and has made its own roles. */
export async function waitForApi(signal: AbortSignal): Promise<void> {
  const api = adminApi(signal);
  try {
    await until(() => answers(api, '/readyz'), signal, 25);
  } finally {
    api.close();
  }
}

/** Makes what a cluster of today offers its users: storage, a second runtime, and the namespace of the tests. */
export async function makeObjects(signal: AbortSignal): Promise<void> {
  const api = adminApi(signal);
  try {
    await api.ensure('/apis/storage.k8s.io/v1/storageclasses', {
      metadata: {
        name: 'standard',
        annotations: {'storageclass.kubernetes.io/is-default-class': 'true'},
      },
      provisioner: 'kubernetes.io/host-path',
      reclaimPolicy: 'Delete',
    });
    await api.ensure('/apis/node.k8s.io/v1/runtimeclasses', {
      metadata: {name: 'runc-alt'},
      handler: 'runc-alt',
    });
    await ensureNamespace(api, testNamespace);
    // A Pod is refused before its namespace has this account.
    const account = `/api/v1/namespaces/${testNamespace}/serviceaccounts/default`;
    await until(() => answers(api, account), signal, 25);
  } finally {
    api.close();
  }
}

/** Whether the node is Ready; false too if the API server does not answer. */
export async function isNodeReady(signal: AbortSignal): Promise<boolean> {
  const api = adminApi(signal);
  try {
    return await nodeIsReady(api);
  } catch {
    return false;
  } finally {
    api.close();
  }
}

export async function waitForNode(signal: AbortSignal): Promise<void> {
  const api = adminApi(signal);
  try {
    await until(() => nodeIsReady(api).catch(() => false), signal, 25);
  } finally {
    api.close();
  }
}

async function nodeIsReady(api: Api): Promise<boolean> {
  const node = JSON.stringify(await api.call('GET', `/api/v1/nodes/${nodeName}`));
  return /"type":"Ready","status":"True"/.test(node) || /"status":"True"[^{}]*"type":"Ready"/.test(node);
}

async function answers(api: Api, path: string): Promise<boolean> {
  return api.call('GET', path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ApiError || isConnectionError(error)) {
        return false;
      }
      throw error;
    },
  );
}

function isConnectionError(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ECONNRESET'].includes(String(error.code))
  );
}
