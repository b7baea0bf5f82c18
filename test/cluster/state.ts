import {mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {stateFolder} from './paths.ts';
import {isAlive, processId, until, type ProcessId} from './processes.ts';

/** What `down` must know to leave nothing behind, and `restart-apiserver` to start the same thing again. */
export type State = {
  startedAt: string;
  /** Process 1 of the node's process namespace: when it dies, the kernel ends everything on the node. */
  init?: ProcessId;
  components: Record<string, ProcessId>;
  /** Empty folders of the machine that were made to mount the node's own ones on. */
  madeFolders: string[];
  /** Kernel settings that belong to the whole machine, as they were before. */
  sysctls: Record<string, string>;
};

const stateFile = join(stateFolder, 'state.json');
const lockFile = `${stateFolder}.lock`;

/** The state on disk; undefined if no cluster was started, or its start died before it did anything. */
export function readState(): State | undefined {
  try {
    // Only we write this file, and only whole (see below).
    return JSON.parse(readFileSync(stateFile, 'utf8')) as State;
  } catch {
    return undefined;
  }
}

/** Replaces the state on disk in one step. */
export function writeState(state: State): void {
  mkdirSync(stateFolder, {recursive: true, mode: 0o700});
  writeFileSync(`${stateFile}.new`, `${JSON.stringify(state, undefined, 2)}\n`, {mode: 0o600});
  renameSync(`${stateFile}.new`, stateFile);
}

/** Lets one driver at a time change the cluster; a lock whose holder is dead counts for nothing. */
export async function withLock<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  mkdirSync(join(stateFolder, '..'), {recursive: true});
  await until(tryLock, signal, 100);
  try {
    return await work();
  } finally {
    rmSync(lockFile, {force: true});
  }
}

function tryLock(): boolean {
  const me = processId(process.pid);
  try {
    writeFileSync(lockFile, JSON.stringify(me), {flag: 'wx'});
    return true;
  } catch {
    const holder = lockHolder();
    if (holder === undefined || !isAlive(holder)) {
      rmSync(lockFile, {force: true});
    }
    return false;
  }
}

function lockHolder(): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')) as ProcessId;
  } catch {
    return undefined;
  }
}
