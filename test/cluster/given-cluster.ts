import {mkdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

import {type ClusterTarget, loadClusterTarget} from '../../src/cluster/kubeconfig.ts';
import {openApi, type Api} from './api.ts';
import {testNamespace} from './config-files.ts';
import {ensureNamespace, grantNamespace, type Grant, removeNamespace} from './namespaces.ts';
import {stateFolder} from './paths.ts';
import {registryAddress} from './push-images.ts';
import type {TestCluster} from './test-cluster.ts';

/** The folder of kubeconfigs for clusters that we did not build. */
export const givenFolder = `${stateFolder}-given`;

/** A cluster of somebody else, for the tests: its restricted user lives in the tests' own namespace. */
export async function givenCluster(
  from: 'environment' | 'kind',
  kubeconfig: string,
  {registry, signal}: {registry: string | undefined; signal: AbortSignal},
): Promise<TestCluster> {
  const target = await loadClusterTarget({kubeconfig, env: process.env});
  const subject = restrictedUser(testNamespace);
  const restricted = await restrictedKubeconfig(target, signal);
  return {
    from,
    name: nameOf(target),
    kubeconfigAdmin: kubeconfig,
    kubeconfigBadidea: restricted ?? kubeconfig,
    namespace: restricted === undefined ? undefined : testNamespace,
    registry,
    nodeIp: undefined,
    grant: namespace => grantNamespace(namespace, {admin: target, subject}),
    remove: (namespace, options) => removeNamespace(namespace, {admin: target, ...options}),
  };
}

/**
 * A cluster of somebody else, for the demo: nothing is written before `grant`, and what that makes, the restricted user
 * among it, is gone with the namespace.
 */
export function borrowedCluster(
  from: 'environment' | 'context',
  target: ClusterTarget,
  kubeconfig: string,
): TestCluster {
  const kubeconfigBadidea = join(givenFolder, `borrowed-${process.pid}.kubeconfig`);
  return {
    from,
    name: nameOf(target),
    kubeconfigAdmin: kubeconfig,
    kubeconfigBadidea,
    namespace: undefined,
    registry: givenRegistry(),
    nodeIp: undefined,
    async grant(namespace) {
      const signal = AbortSignal.timeout(30_000);
      const api = await openApi(signal, target);
      try {
        await ensureNamespace(api, namespace, {subject: restrictedUser(namespace), signal});
        const token = await makeRestrictedUser(api, namespace);
        writeKubeconfig(kubeconfigBadidea, target, {namespace, token});
      } finally {
        api.close();
      }
    },
    async remove(namespace, options) {
      rmSync(kubeconfigBadidea, {force: true});
      await removeNamespace(namespace, {admin: target, ...options});
    },
  };
}

/** The address of the registry that holds the test images, if the person has one (BADIDEA_TEST_REGISTRY). */
export function givenRegistry(): string | undefined {
  const given = process.env['BADIDEA_TEST_REGISTRY'];
  return given === undefined || given === '' ? undefined : registryAddress(given);
}

/** Whether this user may do what setting the stage takes first. */
export async function mayMakeNamespaces(api: Api): Promise<boolean> {
  const answer = await api.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {resourceAttributes: {verb: 'create', resource: 'namespaces'}},
  });
  return (answer as {status: {allowed: boolean}}).status.allowed;
}

function nameOf({contextName, clusterName, cluster}: ClusterTarget): string {
  return `${clusterName} (context ${contextName}, ${cluster.server})`;
}

function restrictedUser(namespace: string) {
  return {kind: 'ServiceAccount', name: 'badidea', namespace} satisfies Grant['subject'];
}

/**
 * Makes the restricted user and returns the path of a kubeconfig for it. If the given kubeconfig may not make namespaces,
 * its user is the restricted one already: undefined.
 */
async function restrictedKubeconfig(target: ClusterTarget, signal: AbortSignal): Promise<string | undefined> {
  const api = await openApi(signal, target);
  try {
    if (!(await mayMakeNamespaces(api))) {
      return undefined;
    }
    await ensureNamespace(api, testNamespace, {subject: restrictedUser(testNamespace), signal});
    const token = await makeRestrictedUser(api, testNamespace);
    const path = join(givenFolder, 'badidea.kubeconfig');
    writeKubeconfig(path, target, {namespace: testNamespace, token});
    return path;
  } finally {
    api.close();
  }
}

/** Makes the service account and gives a token of it that lasts a day. */
async function makeRestrictedUser(api: Api, namespace: string): Promise<string> {
  const {name} = restrictedUser(namespace);
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.apply(`${accounts}/${name}`, {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name}});
  const answer = (await api.call('POST', `${accounts}/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {expirationSeconds: 86_400},
  })) as {status: {token: string}};
  return answer.status.token;
}

/** The same cluster by the same names, with the restricted user; replaced in one step, as others may be reading it. */
function writeKubeconfig(
  path: string,
  {contextName, clusterName, cluster}: ClusterTarget,
  {namespace, token}: {namespace: string; token: string},
): void {
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  const context = {cluster: clusterName, user: 'badidea', namespace};
  const made = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': contextName,
    clusters: [{name: clusterName, cluster}],
    users: [{name: 'badidea', user: {token}}],
    contexts: [{name: contextName, context}],
  };
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, JSON.stringify(made, undefined, 2), {mode: 0o600});
  renameSync(unfinished, path);
}
