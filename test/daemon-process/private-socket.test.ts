import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {lstat, mkdir, readdir, rm} from 'node:fs/promises';
import {connect, createServer, type Server} from 'node:net';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {expect, test} from 'vitest';

import {listenOnSocket, watchSocket} from '../../src/daemon/private-socket.ts';
import {temporaryDirectory} from '../config/temporary-directory.ts';

const listener = fileURLToPath(new URL('listener.ts', import.meta.url));

/** A process that tries to listen; resolves with what it said. */
async function contender(path: string): Promise<{child: ChildProcess; said: string}> {
  const child = spawn(process.execPath, [listener, path], {stdio: ['ignore', 'pipe', 'inherit']});
  const [chunk] = await once(child.stdout, 'data');
  return {child, said: String(chunk).trim()};
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function close(server: Server): Promise<unknown> {
  return new Promise(resolve => server.close(resolve));
}

test('the socket is 0600 under any umask, and the umask is as before', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'ctl.sock');
  const before = process.umask();
  const server = createServer();

  await listenOnSocket(server, path);

  expect((await lstat(path)).mode & 0o777).toBe(0o600);
  expect(process.umask()).toBe(before);
  await close(server);
});

test('a socket that somebody answers is occupied and stays as it is', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'ctl.sock');
  const first = createServer();
  await listenOnSocket(first, path);
  const {ino} = await lstat(path);

  expect(await listenOnSocket(createServer(), path)).toBe('occupied');

  expect((await lstat(path)).ino).toBe(ino);
  await close(first);
});

test('of six processes that find the socket of a killed one, one listens', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'ctl.sock');
  const killed = await contender(path);
  await end(killed.child);

  const contenders = await Promise.all(Array.from({length: 6}, () => contender(path)));

  expect(contenders.map(({said}) => said).toSorted()).toEqual([
    'listening',
    ...Array.from({length: 5}, () => 'occupied'),
  ]);
  expect(await readdir(folder.path)).toEqual(['ctl.sock']);
  const socket = connect(path);
  await once(socket, 'connect');
  socket.destroy();
  await Promise.all(contenders.map(({child}) => end(child)));
}, 30_000);

test('who loses the name of the socket is told; a moment aside does not count', async () => {
  await using folder = await temporaryDirectory();
  const {rename} = await import('node:fs/promises');
  const path = join(folder.path, 'ctl.sock');
  const server = createServer();
  await listenOnSocket(server, path);
  const stop = new AbortController();
  let lost = 0;
  await watchSocket(path, () => (lost += 1), stop.signal);

  await rename(path, `${path}.1`);
  await rename(`${path}.1`, path);
  await new Promise(resolve => setTimeout(resolve, 700));
  expect(lost).toBe(0);

  await rm(path);
  await expect.poll(() => lost, {timeout: 3000}).toBe(1);
  stop.abort();
  await close(server);
});

test('a folder in the place of the socket is an error, not a wait', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'ctl.sock');
  await mkdir(join(path, 'inside'), {recursive: true});

  await expect(listenOnSocket(createServer(), path)).rejects.toThrow(
    /EADDRINUSE|EISDIR|EPERM|ENOTEMPTY|taken and given up/,
  );
});
