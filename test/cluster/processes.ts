import {readFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';

/** A process that cannot be mistaken for a later one of the same number: its start, in clock ticks since boot, is part of it. */
export type ProcessId = {pid: number; startTicks: string};

/** Looks up who has this number now; undefined if nobody, or only a zombie. */
export function processId(pid: number): ProcessId | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Reads a line of /proc/PID/stat (proc(5)); undefined if it is none or the process is dead already. */
export function parseStat(line: string): ProcessId | undefined {
  // The name stands in parentheses and may hold blanks and parentheses itself: count from the last one.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const pid = Number.parseInt(line, 10);
  const [state, startTicks] = [fields[0], fields[19]];
  if (!Number.isInteger(pid) || startTicks === undefined || state === 'Z' || state === 'X') {
    return undefined;
  }
  return {pid, startTicks};
}

export function isAlive(process: ProcessId): boolean {
  return processId(process.pid)?.startTicks === process.startTicks;
}

/** The processes that this one has started and that still run (needs CONFIG_PROC_CHILDREN, which every distribution sets). */
export function childrenOf(pid: number): ProcessId[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children
      .split(' ')
      .filter(Boolean)
      .flatMap(child => processId(Number(child)) ?? []);
  } catch {
    return [];
  }
}

/** Program and arguments, with blanks between them; empty if it is dead. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** Ends a process with SIGKILL and returns when it is gone. */
export async function kill(target: ProcessId, signal?: AbortSignal): Promise<void> {
  if (isAlive(target)) {
    process.kill(target.pid, 'SIGKILL');
  }
  await until(() => !isAlive(target), signal ?? AbortSignal.timeout(10_000));
}

/** Waits for a fact that nobody announces. Only for things of the kernel and of programs that are just starting. */
export async function until(
  fact: () => boolean | Promise<boolean>,
  signal: AbortSignal,
  everyMs = 10,
): Promise<void> {
  while (!(await fact())) {
    await sleep(everyMs, undefined, {signal});
  }
}
