import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {openApi, type Api} from './api.ts';
import {testNamespace} from './config-files.ts';
import {ensureNamespace, type Grant} from './namespaces.ts';
import {stateFolder} from './paths.ts';

/** The restricted user of a cluster that we did not build: a service account of the tests' own namespace. */
export const givenSubject = {
  kind: 'ServiceAccount',
  name: 'badidea',
  namespace: testNamespace,
} satisfies Grant['subject'];

/**
 * Makes the restricted user in a cluster of somebody else and returns the path of a kubeconfig for it. If the given
 * kubeconfig may not make namespaces, its user is the restricted one already: undefined.
 */
export async function restrictedKubeconfig(
  kubeconfigAdmin: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const api = await openApi(signal, kubeconfigAdmin);
  try {
    if (!(await mayMakeNamespaces(api))) {
      return undefined;
    }
    await ensureNamespace(api, testNamespace, {subject: givenSubject, signal});
    const accounts = `/api/v1/namespaces/${testNamespace}/serviceaccounts`;
    const metadata = {name: givenSubject.name};
    await api.apply(`${accounts}/${metadata.name}`, {apiVersion: 'v1', kind: 'ServiceAccount', metadata});
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {expirationSeconds: 86_400},
    };
    const answer = (await api.call('POST', `${accounts}/${metadata.name}/token`, request)) as {
      status: {token: string};
    };
    return await writeKubeconfig(kubeconfigAdmin, answer.status.token);
  } finally {
    api.close();
  }
}

async function mayMakeNamespaces(api: Api): Promise<boolean> {
  const answer = await api.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {resourceAttributes: {verb: 'create', resource: 'namespaces'}},
  });
  return (answer as {status: {allowed: boolean}}).status.allowed;
}

async function writeKubeconfig(kubeconfigAdmin: string, token: string): Promise<string> {
  const {KubeConfig} = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigAdmin);
  const cluster = config.getCurrentCluster();
  const ca =
    cluster?.caFile === undefined ? cluster?.caData : readFileSync(cluster.caFile).toString('base64');
  const folder = `${stateFolder}-given`;
  const path = join(folder, 'badidea.kubeconfig');
  mkdirSync(folder, {recursive: true, mode: 0o700});
  const context = {cluster: 'given', user: 'badidea', namespace: testNamespace};
  const made = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'given',
    clusters: [{name: 'given', cluster: {server: cluster?.server, 'certificate-authority-data': ca}}],
    users: [{name: 'badidea', user: {token}}],
    contexts: [{name: 'given', context}],
  };
  writeFileSync(path, JSON.stringify(made, undefined, 2), {mode: 0o600});
  return path;
}
