import type {ClusterTarget} from '../../src/cluster/kubeconfig.ts';
import {badideaRole} from '../../src/cluster/role.ts';
import {ApiError, openApi, type Api} from './api.ts';
import {ClusterError} from './errors.ts';
import {kubeconfigPaths} from './paths.ts';
import {until} from './processes.ts';

/** Who is granted a namespace; the user of the built cluster's second kubeconfig if nobody is named. */
export type Grant = {
  /** An administrator, by the path of a kubeconfig or what was read from one; the built cluster's if not said. */
  admin?: string | ClusterTarget;
  /** As in a RoleBinding (rbac.authorization.k8s.io/v1). */
  subject?: {kind: 'User' | 'ServiceAccount'; name: string; namespace?: string; apiGroup?: string};
  signal?: AbortSignal;
};

const user: Grant['subject'] = {kind: 'User', name: 'badidea', apiGroup: 'rbac.authorization.k8s.io'};

/**
 * Makes a namespace as an administrator of a shared cluster would hand it out: Pod Security baseline, and the user
 * `badidea` bound to nothing but the Role that `badidea role` prints. That user cannot make namespaces itself.
 */
export async function grantNamespace(name: string, grant: Grant = {}): Promise<void> {
  const signal = grant.signal ?? AbortSignal.timeout(30_000);
  await withApi(signal, grant, api => ensureNamespace(api, name, {subject: grant.subject ?? user, signal}));
}

/**
 * Deletes a namespace with all that is in it and returns when it is gone, or with `wait: false` when the cluster has agreed
 * to delete it; one that is not there is no error.
 */
export async function removeNamespace(
  name: string,
  {wait = true, ...grant}: Grant & {wait?: boolean} = {},
): Promise<void> {
  const signal = grant.signal ?? AbortSignal.timeout(120_000);
  const path = `/api/v1/namespaces/${name}`;
  await withApi(signal, grant, async api => {
    if (await exists(api, path)) {
      await api.call('DELETE', path).catch((cause: unknown) => {
        throw new ClusterError(`The namespace ${name} is left: kubectl delete namespace ${name}`, {cause});
      });
    }
    if (wait) {
      // It stays until its last Pod has ended; that is not worth a watch.
      await until(async () => !(await exists(api, path)), signal, 200);
    }
  });
}

/** The same as `grantNamespace`, on a connection that is open already. */
export async function ensureNamespace(
  api: Api,
  name: string,
  {subject = user, signal}: {subject?: Grant['subject']; signal: AbortSignal},
): Promise<void> {
  await api.apply(`/api/v1/namespaces/${name}`, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {name, labels: {'pod-security.kubernetes.io/enforce': 'baseline'}},
  });
  const role = badideaRole(name);
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${name}`;
  await api.apply(`${rbac}/roles/${role.metadata.name}`, role);
  await api.apply(`${rbac}/rolebindings/${role.metadata.name}`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: {name: role.metadata.name},
    roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name},
    subjects: [subject],
  });
  // A Pod is refused before its namespace has this account, and waits for the other.
  await until(() => exists(api, `/api/v1/namespaces/${name}/serviceaccounts/default`), signal, 25);
  await until(() => exists(api, `/api/v1/namespaces/${name}/configmaps/kube-root-ca.crt`), signal, 25);
}

async function withApi(
  signal: AbortSignal,
  {admin = kubeconfigPaths.admin}: Grant,
  work: (api: Api) => Promise<void>,
): Promise<void> {
  const api = await openApi(signal, admin);
  try {
    await work(api);
  } finally {
    api.close();
  }
}

async function exists(api: Api, path: string): Promise<boolean> {
  return api.call('GET', path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 404) {
        return false;
      }
      throw error;
    },
  );
}
