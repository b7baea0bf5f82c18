import {existsSync} from 'node:fs';

import {connectCluster} from '../../src/cluster/connect.ts';
import {kubeconfigPaths} from '../cluster/paths.ts';
import {MemoryNamespace} from '../fakes/memory-cluster.ts';
import {type ContractSubject, describeClusterContract} from './contract.ts';

describeClusterContract('in memory', async () => {
  const namespace = new MemoryNamespace();
  return {
    cluster: namespace.cluster(),
    stranger: namespace.cluster('stranger'),
    close: async () => namespace.close(),
  };
});

const kubeconfig = process.env['BADIDEA_TEST_KUBECONFIG'] ?? kubeconfigPaths.badidea;
if (existsSync(kubeconfig))
  describeClusterContract('on a real API server', async () => await openReal(kubeconfig));

async function openReal(path: string): Promise<ContractSubject> {
  const log = () => {};
  const owner = `contract-${process.pid}`;
  const ours = await connectCluster({kubeconfig: path, owner, log});
  const theirs = await connectCluster({kubeconfig: path, owner: `${owner}-stranger`, log});
  return {
    cluster: ours.cluster,
    stranger: theirs.cluster,
    async close() {
      await ours.close();
      await theirs.close();
    },
  };
}
