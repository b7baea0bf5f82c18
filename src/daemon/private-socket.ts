import {watch} from 'node:fs';
import {lstat, rename, rm} from 'node:fs/promises';
import {connect, type Server} from 'node:net';
import {basename, dirname} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

import {isErrno} from '../config/errno.ts';

/**
 * Listens on a Unix socket of mode 0600. `occupied` when a living process listens there; what a dead one left is taken away. As Node has no file locks,
 * this is also how two daemons agree which of them runs: of any number that try at once, one gets `listening`.
 */
export async function listenOnSocket(
  server: Server,
  path: string,
  attempts = 10,
): Promise<'listening' | 'occupied'> {
  if (await tryListen(server, path)) return 'listening';
  if (await isAnswered(path)) return 'occupied';
  if (attempts === 1) throw new Error(`${path} is taken and given up again and again`);
  await removeDeadSocket(path);
  return listenOnSocket(server, path, attempts - 1);
}

/**
 * Calls `lost` when the socket at `path` is no longer the one that is there now: its folder was emptied (a log-out ends XDG_RUNTIME_DIR) or another
 * daemon has taken the name. Nobody could reach a daemon after that, so it should stop.
 */
export async function watchSocket(path: string, lost: () => void, signal: AbortSignal): Promise<void> {
  const {ino} = await lstat(path);
  let checking = false;

  async function check(): Promise<void> {
    if (checking) return;
    checking = true;
    // A second look after a while: `removeDeadSocket` of another process may hold it aside for a moment.
    if (
      !(await isStill(path, ino)) &&
      (await sleep(500, true, {signal}).catch(() => false)) &&
      !(await isStill(path, ino))
    )
      lost();
    checking = false;
  }

  const watcher = watch(dirname(path), {signal, persistent: false}, (_, name) => {
    if (name === null || name === basename(path)) void check();
  });
  watcher.on('error', () => undefined);
}

async function tryListen(server: Server, path: string): Promise<boolean> {
  const {promise, resolve, reject} = Promise.withResolvers<boolean>();
  const failed = (error: Error) => (isErrno(error, 'EADDRINUSE') ? resolve(false) : reject(error));
  const listening = () => resolve(true);
  server.once('error', failed);
  server.once('listening', listening);
  // The mode of a socket is what the umask leaves of 0777; Node binds inside this call.
  const umask = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  try {
    return await promise;
  } finally {
    server.off('error', failed);
    server.off('listening', listening);
  }
}

/** Takes a socket that nobody answers out of the way. It is renamed first: of several processes one succeeds, and can still look at what it took. */
async function removeDeadSocket(path: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  // Someone began to listen between the question and the rename: give it back.
  if (await isAnswered(aside)) await rename(aside, path);
  else await rm(aside, {force: true});
}

function isAnswered(path: string): Promise<boolean> {
  const {promise, resolve} = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function isStill(path: string, ino: number): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.ino === ino;
}
