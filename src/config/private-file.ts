import {constants} from 'node:fs';
import {open, readdir, rename, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';

import {failure} from '../failures/failure.ts';
import {isErrno} from './errno.ts';

/**
 * Writes a file whole or not at all: into a new file beside it, which then takes its place. Whatever fails, the old content is unharmed and no half file
 * stays; one that a killed process left goes at the next write. BAD-611.
 */
export async function writePrivateFile(path: string, content: string, mode = 0o600): Promise<void> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.badidea-`;
  const temporary = join(folder, `${prefix}${process.pid}`);
  try {
    await removeLeftovers(folder, prefix);
    // O_EXCL does not follow a link that someone put there.
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
    try {
      await file.writeFile(content);
      // A umask may have taken bits away; none may be added by a lax one, as the mode was given to open.
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => undefined);
    throw failure(
      'BAD-611',
      {path, why: error instanceof Error ? error.message : String(error)},
      {cause: error},
    );
  }
}

/** The text of a file, undefined if there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY);
    return await file.readFile('utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

async function removeLeftovers(folder: string, prefix: string): Promise<void> {
  const names = (await readdir(folder)).filter(name => name.startsWith(prefix));
  const dead = names.filter(name => !isAlive(Number(name.slice(prefix.length))));
  await Promise.all(dead.map(name => rm(join(folder, name), {force: true})));
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}
