import {setTimeout as sleep} from 'node:timers/promises';

import {run} from '../e2e/support/run.ts';
import {barePod} from './bare-pod.ts';
import {alternately, type BenchStage, type Row, timed} from './table.ts';

/** `docker run --rm busybox true`: with a held Pod, and without one against the least that Kubernetes can do. */
export async function measureRun(stage: BenchStage): Promise<Row[]> {
  const {badidea, cluster, rounds} = stage;
  const dockerRun = (...options: string[]) =>
    timed(() => expectSuccess(badidea.docker(['run', '--rm', ...options, 'busybox', 'true'])));
  const kubectlRun = (round: number) =>
    timed(() =>
      expectSuccess(
        run('kubectl', [
          ...['--kubeconfig', cluster.kubeconfigAdmin, '-n', badidea.namespace],
          ...[
            'run',
            `bench-${round}`,
            '--rm',
            '-i',
            '--quiet',
            '--restart=Never',
            '--image=busybox',
            '--',
            'true',
          ],
        ]),
      ),
    );
  let count = 0;
  const warm = await alternately(
    rounds,
    async () => {
      // The Pod for the next run is made after the last one: a person types slower than this.
      await sleep(1500);
      return dockerRun();
    },
    () => kubectlRun(++count),
  );
  // A memory limit is in no held Pod: this one is made from nothing.
  const cold = await alternately(
    rounds,
    () => dockerRun('-m', '256m'),
    () => kubectlRun(++count),
  );
  const bare = await barePod(stage);
  const least = await alternately(
    rounds,
    () => dockerRun('-m', '256m'),
    () => bare.measure(),
  );
  await bare.close();
  const goalKubectl = '≤ 0.4 ×';
  return [
    {
      ours: {name: '`docker run --rm busybox true`', unit: 'ms', values: warm.ours},
      against: {name: '`kubectl run --rm -i`', unit: 'ms', values: warm.against},
      goal: goalKubectl,
    },
    {
      ours: {name: 'the same, no held Pod', unit: 'ms', values: cold.ours},
      against: {name: '`kubectl run --rm -i`', unit: 'ms', values: cold.against},
      goal: goalKubectl,
    },
    {
      ours: {name: 'the same, no held Pod', unit: 'ms', values: least.ours},
      against: {
        name: 'bare Pod with one ConfigMap volume, POST → exec `true`',
        unit: 'ms',
        values: least.against,
      },
      goal: '≤ 1.3 ×',
    },
  ];
}

async function expectSuccess(running: ReturnType<typeof run>): Promise<void> {
  const {code, stderr} = await running;
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
}
