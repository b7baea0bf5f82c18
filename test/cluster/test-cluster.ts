import {apiUrl, testNamespace} from './config-files.ts';
import {givenCluster, givenRegistry} from './given-cluster.ts';
import {ensureKind, hasKind} from './kind.ts';
import {grantNamespace, removeNamespace} from './namespaces.ts';
import {nodeIp, registryUrl} from './network.ts';
import {whyNotHere} from './packages.ts';
import {kubeconfigPaths} from './paths.ts';
import {up} from './up.ts';

/** A cluster that tests and demo may use. Paths are absolute. */
export type TestCluster = {
  /** Whose it is: the person's (BADIDEA_TEST_KUBECONFIG, or their current context: only for the demo), kind's, or this folder's. */
  from: 'environment' | 'context' | 'kind' | 'built';
  /** What a person calls it: cluster, context and address. */
  name: string;
  /** For setting the stage only: what is tested runs with the other one. */
  kubeconfigAdmin: string;
  /** A user bound to nothing but badidea's Role, in granted namespaces. */
  kubeconfigBadidea: string;
  /** The namespace that this user works in if none is said; undefined if the given kubeconfig knows. */
  namespace: string | undefined;
  /**
   * Address of the registry that holds the test images as library/NAME, where the nodes get plain names from; undefined if
   * the nodes have nothing but Docker Hub.
   */
  registry: string | undefined;
  nodeIp: string | undefined;
  /** Makes a namespace that the restricted user may use; throws where the given kubeconfig may not. */
  grant(namespace: string): Promise<void>;
  /** Deletes such a namespace with all that is in it; `wait: false` returns once the cluster has agreed to that. */
  remove(namespace: string, options?: {wait?: boolean}): Promise<void>;
};

/** The cluster that this folder builds; its facts hold while it is up. */
export function clusterInfo(): TestCluster {
  return {
    from: 'built',
    name: `badidea-cluster (context badidea-cluster, ${apiUrl})`,
    kubeconfigAdmin: kubeconfigPaths.admin,
    kubeconfigBadidea: kubeconfigPaths.badidea,
    namespace: testNamespace,
    registry: registryUrl,
    nodeIp,
    grant: namespace => grantNamespace(namespace),
    remove: (namespace, options) => removeNamespace(namespace, options),
  };
}

/** A cluster, or the reason why there is none. */
export type Found = {cluster: TestCluster; skip?: never} | {cluster?: never; skip: string};

/**
 * Finds a cluster for tests, in this order: the one of BADIDEA_TEST_KUBECONFIG, one of kind if that and a Docker engine are
 * there, the built one (which is started if it does not run, and built first if it never was: minutes). The person's own
 * current context is never among them.
 */
export async function testCluster(signal = AbortSignal.timeout(30 * 60_000)): Promise<Found> {
  const given = process.env['BADIDEA_TEST_KUBECONFIG'];
  if (given === kubeconfigPaths.admin || given === kubeconfigPaths.badidea) {
    return {cluster: clusterInfo()};
  }
  if (given !== undefined && given !== '') {
    return {cluster: await givenCluster('environment', given, {registry: givenRegistry(), signal})};
  }
  if (await hasKind(signal)) {
    const {kubeconfig, registry} = await ensureKind(signal);
    return {cluster: await givenCluster('kind', kubeconfig, {registry, signal})};
  }
  const reason = whyNotHere();
  if (reason !== undefined) {
    return {skip: `BADIDEA_TEST_KUBECONFIG is not set, kind with a Docker engine is not here, and ${reason}`};
  }
  await up(signal);
  return {cluster: clusterInfo()};
}
