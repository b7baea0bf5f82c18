import {execFile} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {promisify} from 'node:util';

import {isErrno} from '../config/errno.ts';

/**
 * When a process began, in the system's own words: clock ticks since boot on Linux, a date elsewhere. Undefined when there is no such process. A pid and
 * this together name one process for ever; a pid alone is given to others later.
 */
export async function startTicks(pid: number): Promise<string | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  return process.platform === 'linux' ? linuxStartTicks(pid) : psStart(pid);
}

/** Sends a signal, but only to that very process. False when it is gone. */
export async function signalProcess(
  identity: {pid: number; startTicks: string},
  signal: NodeJS.Signals,
): Promise<boolean> {
  if ((await startTicks(identity.pid)) !== identity.startTicks) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    throw error;
  }
}

async function linuxStartTicks(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the second field is the program's name in brackets and may hold blanks and brackets; field 3 is the state, field 22 the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
}

async function psStart(pid: number): Promise<string | undefined> {
  try {
    const {stdout} = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: {...process.env, LC_ALL: 'C'},
    });
    return stdout.trim() || undefined;
  } catch {
    // ps answers 1 when there is no such process.
    return undefined;
  }
}
