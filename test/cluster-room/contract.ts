import {afterAll, beforeAll, describe} from 'vitest';

import type {Cluster} from '../../src/cluster/cluster.ts';
import {describeExec} from './contract-exec.ts';
import {describeObjects} from './contract-objects.ts';
import {describePort} from './contract-port.ts';
import {execWhenReady, nameOf, sleepingPod, Stage, uniqueName} from './contract-stage.ts';

export interface ContractSubject {
  cluster: Cluster;
  /** The same namespace as another owner sees it. */
  stranger: Cluster;
  close(): Promise<void>;
}

/** What every `Cluster` promises, in memory and over a real API server alike. */
export function describeClusterContract(where: string, open: () => Promise<ContractSubject>): void {
  describe(`the cluster contract: ${where}`, {timeout: 60_000}, () => {
    const stage = new Stage();

    beforeAll(async () => {
      const subject = await open();
      const running = await subject.cluster.createPod(sleepingPod(uniqueName()));
      stage.set({...subject, running});
      const ready = await execWhenReady(subject.cluster, nameOf(running), ['true']);
      ready.resume().end();
    }, 60_000);

    afterAll(async () => {
      await stage.cluster.deletePod(nameOf(stage.running), {gracePeriodSeconds: 0});
      await stage.close();
    }, 60_000);

    describeObjects(stage);
    describeExec(stage);
    describePort(stage);
  });
}
