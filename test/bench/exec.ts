import {run} from '../e2e/support/run.ts';
import {alternately, type BenchStage, type Row} from './table.ts';

/** `docker exec … true`, the docker CLI's own start included, against `kubectl exec` into the same Pod. */
export async function measureExec({badidea, cluster, rounds}: BenchStage): Promise<Row[]> {
  const {stdout: id} = await badidea.docker(['run', '-d', '--name', 'exec', 'busybox', 'sleep', '10000']);
  const pod = `bad-${id.trim().slice(0, 20)}`;
  const {against, ours} = await alternately(
    rounds * 2,
    async () => (await badidea.docker(['exec', 'exec', 'true'])).milliseconds,
    async () =>
      (
        await run('kubectl', [
          '--kubeconfig',
          cluster.kubeconfigAdmin,
          '-n',
          badidea.namespace,
          'exec',
          pod,
          '--',
          'true',
        ])
      ).milliseconds,
  );
  await badidea.docker(['rm', '-f', 'exec']);
  return [
    {
      ours: {name: '`docker exec … true`', unit: 'ms', values: ours},
      against: {name: '`kubectl exec … true`', unit: 'ms', values: against},
      goal: '≤ 0.5 ×',
    },
  ];
}
