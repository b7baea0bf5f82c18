import {once} from 'node:events';
import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {join} from 'node:path';

import {stateFolder} from './paths.ts';
import {until, type ProcessId} from './processes.ts';

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

/**
 * Lets one driver at a time change the cluster; the others wait. The lock is a listening socket, on Linux in the abstract
 * namespace, so the kernel takes it back when its holder dies, however it dies.
 */
export async function withLock<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let lock: Server | undefined;
  await until(async () => (lock = await tryLock()) !== undefined, signal, 100);
  try {
    return await work();
  } finally {
    lock?.close();
  }
}

async function tryLock(): Promise<Server | undefined> {
  const server = createServer(socket => socket.destroy());
  if (process.platform === 'linux') {
    server.listen(`\0${stateFolder}`);
  } else {
    server.listen(47_613, '127.0.0.1');
  }
  return once(server, 'listening').then(
    () => server,
    () => undefined,
  );
}
