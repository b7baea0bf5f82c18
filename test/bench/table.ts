import type {TestCluster} from '../cluster/test-cluster.ts';
import type {Installation} from '../e2e/support/badidea.ts';

export interface BenchStage {
  badidea: Installation;
  cluster: TestCluster;
  rounds: number;
}

/** Samples of one thing, in its unit. */
export interface Samples {
  name: string;
  unit: 'ms' | 'MiB/s' | '%' | 'MiB';
  values: number[];
}

/** One line of the table: what we do, beside what it is measured against. */
export interface Row {
  ours: Samples;
  against?: Samples;
  /** in words, as the issue has it */
  goal: string;
}

/** Runs both in turn, so that whatever else the machine does falls on both. The first of each warms up and does not count. */
export async function alternately(
  rounds: number,
  ours: () => Promise<number>,
  against: () => Promise<number>,
): Promise<{ours: number[]; against: number[]}> {
  const samples = {ours: [] as number[], against: [] as number[]};
  for (let round = 0; round <= rounds; round++) {
    const own = await ours();
    const other = await against();
    if (round > 0) {
      samples.ours.push(own);
      samples.against.push(other);
    }
  }
  return samples;
}

/** Milliseconds of some work. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

export function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2;
}

export function table(
  rows: Row[],
  {commit, date, rounds}: {commit: string; date: string; rounds: number},
): string {
  const lines = rows.map(({against, goal, ours}) => {
    const ratio = against ? `${(median(ours.values) / median(against.values)).toFixed(2)} ×` : '';
    return `| ${ours.name} | ${shown(ours)} | ${against?.name ?? ''} | ${against ? shown(against) : ''} | ${ratio} | ${goal} |`;
  });
  return `# Benchmarks

By \`npm run bench\` on ${date}, commit ${commit}: medians of ${rounds} (min–max), ours and the other in turn, on the test cluster of this
repository (one node on the same machine, images cached). Only the ratios mean something on another machine.

| badidea | | against | | ratio | goal |
|---|---|---|---|---|---|
${lines.join('\n')}
`;
}

function shown({unit, values}: Samples): string {
  const digits = unit === 'ms' && median(values) > 20 ? 0 : 1;
  const [low, high] = [Math.min(...values), Math.max(...values)].map(value => value.toFixed(digits));
  return values.length === 1
    ? `${low} ${unit}`
    : `${median(values).toFixed(digits)} ${unit} (${low}–${high})`;
}
