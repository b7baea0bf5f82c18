import {connectCluster} from '../../src/cluster/connect.ts';
import {type TestCluster, testCluster} from '../cluster/test-cluster.ts';
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

const {cluster, skip} = await testCluster();
if (cluster) describeClusterContract('on a real API server', async () => await openReal(cluster));
else console.warn(`The contract is not tested on a real API server: ${skip}`);

/** As the user who has nothing but our Role: that it suffices is part of the contract. */
async function openReal(real: TestCluster): Promise<ContractSubject> {
  const namespace = `badidea-contract-${process.pid}`;
  await real.grant(namespace);
  const options = {kubeconfig: real.kubeconfigBadidea, namespace, log: () => {}};
  const ours = await connectCluster({...options, owner: 'contract'});
  const theirs = await connectCluster({...options, owner: 'stranger'});
  return {
    cluster: ours.cluster,
    stranger: theirs.cluster,
    async close() {
      await ours.close();
      await theirs.close();
      await real.remove(namespace);
    },
  };
}
