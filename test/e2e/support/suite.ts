import {afterAll, beforeAll, describe, inject} from 'vitest';

import {testCluster, type TestCluster} from '../../cluster/test-cluster.ts';
import {type Installation, type InstallOptions, install} from './badidea.ts';

export interface Stage {
  cluster: TestCluster;
  badidea: Installation;
}

/** A suite on the real cluster, with badidea up in a namespace of its own, and images pulled. Skipped, with its reason told once, where there is no cluster. */
export function onCluster(
  title: string,
  tests: (stage: Stage) => void,
  options: InstallOptions & {images?: string[]} = {},
): void {
  const skip = inject('clusterSkip');
  describe.skipIf(skip !== '')(title, () => {
    const stage: Partial<Stage> = {};
    beforeAll(async () => {
      const {cluster} = await testCluster();
      if (!cluster) throw new Error('the cluster has gone');
      stage.cluster = cluster;
      const namespace = `badidea-${title
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .slice(0, 30)}-${process.pid}`;
      stage.badidea = await install(cluster, namespace.replace(/-+/g, '-'), options);
      await stage.badidea.up();
      for (const image of options.images ?? ['busybox']) {
        const pulled = await stage.badidea.docker(['pull', '-q', image]);
        if (pulled.code === 0) continue;
        const hint =
          cluster.registry === undefined ? '; set BADIDEA_TEST_REGISTRY (test/cluster/README.md)' : '';
        throw new Error(`docker pull ${image}: ${pulled.stderr}${hint}`);
      }
    });
    afterAll(async () => {
      await stage.badidea?.remove();
    });
    tests(filled(stage));
  });
}

/** The tests are declared before the stage is set; they read it when they run. */
function filled(stage: Partial<Stage>): Stage {
  return {
    get cluster() {
      if (!stage.cluster) throw new Error('the stage is not set yet');
      return stage.cluster;
    },
    get badidea() {
      if (!stage.badidea) throw new Error('the stage is not set yet');
      return stage.badidea;
    },
  };
}
