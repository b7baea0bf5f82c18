import {writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';

import {measureExec} from '../test/bench/exec.ts';
import {measureIdle} from '../test/bench/idle.ts';
import {measurePorts} from '../test/bench/ports.ts';
import {measureRun} from '../test/bench/run.ts';
import {type Row, table} from '../test/bench/table.ts';
import {testCluster} from '../test/cluster/test-cluster.ts';
import {install} from '../test/e2e/support/badidea.ts';
import {run} from '../test/e2e/support/run.ts';

/**
 * `npm run bench`: badidea beside what people use otherwise, in one run on one cluster, so that only the ratios count. It writes its table to
 * docs/benchmarks.md with the date and the commit.
 */
const ROUNDS = 12;

const {cluster, skip} = await testCluster();
if (!cluster) throw new Error(`there is no cluster to measure on: ${skip}`);
const badidea = await install(cluster, `badidea-bench-${process.pid}`);
try {
  await badidea.up();
  for (const image of ['busybox', 'web']) await badidea.docker(['pull', '-q', image]);
  const stage = {badidea, cluster, rounds: ROUNDS};
  const rows: Row[] = [];
  for (const measure of [measureIdle, measureRun, measureExec, measurePorts])
    rows.push(...(await measure(stage)));
  const commit = (await run('git', ['rev-parse', '--short', 'HEAD'])).stdout.trim();
  const text = table(rows, {commit, date: new Date().toISOString().slice(0, 10), rounds: ROUNDS});
  await writeFile(fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url)), text);
  console.log(text);
} finally {
  await badidea.remove();
}
process.exit();
