import type {ClusterAdministration, ServerVersion} from '../cluster/cluster.ts';
import {failure} from '../failures/failure.ts';
import type {Startup} from './types.ts';

const oldestMinor = 30;

/**
 * The first steps of `up`, before the daemon touches anything: say which cluster this is and have it agreed to, see that it answers and is new enough, that
 * the namespace is there and that the user may do in it what badidea's Role allows. Returns what the server is.
 */
export async function prepareCluster(
  cluster: ClusterAdministration,
  startup: Startup,
): Promise<ServerVersion> {
  const {contextName, server, userName, namespace} = cluster;
  await startup.confirm({contextName, server, userName, namespace});
  const found = await startup.step(
    'Reach the cluster',
    () => cluster.serverVersion(),
    ({version}) => version,
  );
  checkVersion(contextName, found.version);
  await startup.step(
    'Prepare namespace',
    () => prepareNamespace(cluster),
    detail => detail,
  );
  await startup.step(
    'Check permissions',
    () => checkRights(cluster),
    () => 'all allowed',
  );
  return found;
}

function checkVersion(cluster: string, version: string): void {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || Number(major) > 1 || Number(minor) >= oldestMinor) return;
  throw failure('BAD-106', {cluster, version});
}

async function prepareNamespace(cluster: ClusterAdministration): Promise<string> {
  const outcome = await cluster.ensureNamespace();
  const level = await cluster.podSecurityLevel();
  if (level === 'restricted') throw failure('BAD-503', {namespace: cluster.namespace});
  const made = outcome === 'created' ? 'created, ' : '';
  return `${made}pod-security: ${level ?? (outcome === 'unknown' ? 'not visible' : 'none')}`;
}

async function checkRights(cluster: ClusterAdministration): Promise<void> {
  const missing = await cluster.missingRights();
  if (missing.length === 0) return;
  throw failure('BAD-501', {
    user: cluster.userName,
    namespace: cluster.namespace,
    missing: `Missing:\n${missing.join('\n')}`,
  });
}
