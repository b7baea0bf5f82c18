import {homedir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

import {loadClusterTarget} from '../../src/cluster/kubeconfig.ts';
import {openApi} from './api.ts';
import {borrowedCluster, mayMakeNamespaces} from './given-cluster.ts';
import {kubeconfigPaths} from './paths.ts';
import {testCluster, type Found, type TestCluster} from './test-cluster.ts';

const patienceMs = 3000;

/**
 * Finds a cluster for the demo, in this order: the one of BADIDEA_TEST_KUBECONFIG, the person's current one if it answers,
 * one of our own. Nothing is written to either of the first two before `grant`, so that the person can be asked.
 */
export async function demoCluster(signal: AbortSignal): Promise<Found> {
  const given = process.env['BADIDEA_TEST_KUBECONFIG'];
  if (given === kubeconfigPaths.admin || given === kubeconfigPaths.badidea) {
    return testCluster(signal);
  }
  if (given !== undefined && given !== '') {
    const target = await loadClusterTarget({kubeconfig: given, env: process.env});
    return {cluster: borrowedCluster('environment', target, given)};
  }
  const current = await currentContextCluster(signal);
  return current === undefined ? testCluster(signal) : {cluster: current};
}

/**
 * The cluster of the current context of KUBECONFIG or ~/.kube/config, as an administrator of which a namespace may be made.
 * Undefined if there is none, it does not answer within 3 s or its user may not make namespaces; stderr says which.
 */
export async function currentContextCluster(signal: AbortSignal): Promise<TestCluster | undefined> {
  // A kubeconfig that is absent or broken is no cluster; a later context switch is not ours: the target is read once.
  const target = await loadClusterTarget({env: process.env}).catch((error: unknown) => {
    if (process.env['KUBECONFIG']) {
      process.stderr.write(`not used: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  });
  if (!target) {
    return undefined;
  }
  const reason = await whyUnusable(signal, async limited => {
    const api = await openApi(limited, target);
    try {
      return await mayMakeNamespaces(api);
    } finally {
      api.close();
    }
  });
  if (reason !== undefined) {
    process.stderr.write(`not used: the current context ${target.contextName}: ${reason}\n`);
    return undefined;
  }
  return borrowedCluster('context', target, process.env['KUBECONFIG'] || join(homedir(), '.kube', 'config'));
}

async function whyUnusable(
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<boolean>,
): Promise<string | undefined> {
  const given = new AbortController();
  const limited = AbortSignal.any([signal, given.signal, AbortSignal.timeout(patienceMs)]);
  // A credential plugin knows no signal, so the time is watched here too.
  const late = sleep(patienceMs, 'late' as const, {signal: given.signal, ref: false});
  late.catch(() => undefined);
  try {
    const answer = await Promise.race([ask(limited), late]);
    if (answer === 'late') {
      return `it does not answer within ${patienceMs / 1000} s`;
    }
    return answer ? undefined : 'its user may not make a namespace for the demo';
  } catch (error) {
    signal.throwIfAborted();
    if (limited.aborted) {
      return `it does not answer within ${patienceMs / 1000} s`;
    }
    return error instanceof Error ? error.message : String(error);
  } finally {
    given.abort();
  }
}
