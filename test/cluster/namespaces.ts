import {setTimeout as sleep} from 'node:timers/promises';

import {adminApi, ApiError, type Api} from './api.ts';

/**
 * Makes a namespace as an administrator of a shared cluster would hand it out: Pod Security baseline, and the user
 * `badidea` bound to nothing but the Role that `badidea role` prints. That user cannot make namespaces itself.
 */
export async function grantNamespace(name: string, signal = AbortSignal.timeout(30_000)): Promise<void> {
  const api = adminApi(signal);
  try {
    await ensureNamespace(api, name);
  } finally {
    api.close();
  }
}

/** Deletes a namespace with all that is in it and returns when it is gone; one that is not there is no error. */
export async function removeNamespace(name: string, signal = AbortSignal.timeout(120_000)): Promise<void> {
  const api = adminApi(signal);
  const path = `/api/v1/namespaces/${name}`;
  try {
    await api.call('DELETE', path);
    // The namespace stays until its last Pod has ended; a watch for one event is more code than this is worth.
    for (;;) {
      await api.call('GET', path);
      await sleep(200, undefined, {signal});
    }
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) {
      throw error;
    }
  } finally {
    api.close();
  }
}

/** The same, on a connection that is open already. */
export async function ensureNamespace(api: Api, name: string): Promise<void> {
  await api.ensure('/api/v1/namespaces', {
    metadata: {name, labels: {'pod-security.kubernetes.io/enforce': 'baseline'}},
  });
  const role = await badideaRole(name);
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${name}`;
  await api.ensure(`${rbac}/roles`, role);
  await api.ensure(`${rbac}/rolebindings`, {
    metadata: {name: role.metadata.name},
    roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name},
    subjects: [{apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'badidea'}],
  });
}

async function badideaRole(_namespace: string): Promise<{metadata: {name: string}}> {
  const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({
    apiGroups: [apiGroup],
    resources,
    verbs,
  });
  const all = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
  const role = {
    metadata: {name: 'badidea'},
    rules: [
      rule('', ['pods', 'secrets', 'configmaps', 'persistentvolumeclaims'], all),
      rule('', ['pods/exec', 'pods/portforward', 'pods/attach'], ['get', 'create']),
      rule('', ['pods/log'], ['get']),
      rule('', ['events'], ['get', 'list', 'watch']),
      rule('networking.k8s.io', ['networkpolicies'], all),
    ],
  };
  return role;
}
