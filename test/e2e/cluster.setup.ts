import type {TestProject} from 'vitest/node';

import {testCluster} from '../cluster/test-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** empty = there is a cluster */
    clusterSkip: string;
  }
}

/** Finds, or starts, the cluster once for all end-to-end tests; without one they are skipped, and this line says why. */
export default async function setup(project: TestProject): Promise<void> {
  const found = await testCluster();
  if (found.skip !== undefined) console.warn(`the tests on a real cluster are skipped: ${found.skip}`);
  project.provide('clusterSkip', found.skip ?? '');
}
