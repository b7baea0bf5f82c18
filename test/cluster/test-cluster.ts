import {testNamespace} from './config-files.ts';
import {givenSubject, restrictedKubeconfig} from './given-cluster.ts';
import {hasKind, kindKubeconfig} from './kind.ts';
import {grantNamespace, removeNamespace} from './namespaces.ts';
import {nodeIp, registryUrl} from './network.ts';
import {whyNotHere} from './packages.ts';
import {kubeconfigPaths} from './paths.ts';
import {up} from './up.ts';

/** A cluster that tests and demo may use. Paths are absolute; the user's own current context is never among them. */
export type TestCluster = {
  /** Who made it: the person (BADIDEA_TEST_KUBECONFIG), kind, or this folder. */
  from: 'environment' | 'kind' | 'built';
  /** For setting the stage only: what is tested runs with the other one. */
  kubeconfigAdmin: string;
  /** A user bound to nothing but badidea's Role, in granted namespaces. */
  kubeconfigBadidea: string;
  /** The namespace that this user works in if none is said; undefined if the given kubeconfig knows. */
  namespace: string | undefined;
  /** Address of the registry that holds the test images as library/NAME, where the nodes get plain names from. */
  registry: string | undefined;
  nodeIp: string | undefined;
  /** Makes a namespace that the restricted user may use; throws where the given kubeconfig may not. */
  grant(namespace: string): Promise<void>;
  /** Deletes such a namespace with all that is in it. */
  remove(namespace: string): Promise<void>;
};

/** The cluster that this folder builds; its facts hold while it is up. */
export function clusterInfo(): TestCluster {
  return {
    from: 'built',
    kubeconfigAdmin: kubeconfigPaths.admin,
    kubeconfigBadidea: kubeconfigPaths.badidea,
    namespace: testNamespace,
    registry: registryUrl,
    nodeIp,
    grant: namespace => grantNamespace(namespace),
    remove: namespace => removeNamespace(namespace),
  };
}

/** A cluster, or the reason why there is none. */
export type Found = {cluster: TestCluster; skip?: never} | {cluster?: never; skip: string};

/**
 * Finds a cluster for tests and demo, in this order: the one of BADIDEA_TEST_KUBECONFIG, one of kind if that and a Docker
 * engine are there, the built one (which is started if it does not run, and built first if it never was: minutes).
 */
export async function testCluster(signal = AbortSignal.timeout(30 * 60_000)): Promise<Found> {
  const given = process.env['BADIDEA_TEST_KUBECONFIG'];
  if (given === kubeconfigPaths.admin || given === kubeconfigPaths.badidea) {
    return {cluster: clusterInfo()};
  }
  if (given !== undefined && given !== '') {
    return {cluster: await givenCluster('environment', given, signal)};
  }
  if (await hasKind(signal)) {
    return {cluster: await givenCluster('kind', await kindKubeconfig(signal), signal)};
  }
  const reason = whyNotHere();
  if (reason !== undefined) {
    return {skip: `BADIDEA_TEST_KUBECONFIG is not set, kind with a Docker engine is not here, and ${reason}`};
  }
  await up(signal);
  return {cluster: clusterInfo()};
}

async function givenCluster(
  from: 'environment' | 'kind',
  kubeconfigAdmin: string,
  signal: AbortSignal,
): Promise<TestCluster> {
  const restricted = await restrictedKubeconfig(kubeconfigAdmin, signal);
  const grant = {kubeconfigAdmin, subject: givenSubject};
  return {
    from,
    kubeconfigAdmin,
    kubeconfigBadidea: restricted ?? kubeconfigAdmin,
    namespace: restricted === undefined ? undefined : testNamespace,
    registry: undefined,
    nodeIp: undefined,
    grant: namespace => grantNamespace(namespace, grant),
    remove: namespace => removeNamespace(namespace, grant),
  };
}
