import {readFile} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';

import type {BenchStage, Row} from './table.ts';

const SECONDS = 20;

/** What the daemon costs while nothing happens: one held Pod and one idle container behind it. */
export async function measureIdle({badidea}: BenchStage): Promise<Row[]> {
  await badidea.docker(['run', '-d', '--name', 'idle', 'busybox', 'sleep', '10000']);
  await sleep(5000);
  const pid = await daemonPid(badidea);
  const before = await cpuMilliseconds(pid);
  await sleep(SECONDS * 1000);
  const used = (await cpuMilliseconds(pid)) - before;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const resident = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  await badidea.docker(['rm', '-f', 'idle']);
  return [
    {
      ours: {name: `idle daemon, CPU over ${SECONDS} s`, unit: '%', values: [used / (SECONDS * 10)]},
      goal: '≈ 0',
    },
    {ours: {name: 'idle daemon, RSS', unit: 'MiB', values: [resident]}, goal: '≤ 150 MB'},
  ];
}

async function daemonPid({badidea}: Pick<BenchStage['badidea'], 'badidea'>): Promise<number> {
  const status: unknown = JSON.parse((await badidea(['status', '--json'])).stdout);
  const daemon =
    typeof status === 'object' && status !== null && 'daemon' in status ? status.daemon : undefined;
  if (typeof daemon !== 'object' || daemon === null || !('pid' in daemon) || typeof daemon.pid !== 'number') {
    throw new Error(`status --json has no daemon.pid: ${JSON.stringify(status)}`);
  }
  return daemon.pid;
}

async function cpuMilliseconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  // utime and stime, in ticks of 10 ms
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
