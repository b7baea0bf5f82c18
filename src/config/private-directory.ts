import {constants} from 'node:fs';
import {lstat, mkdir, open} from 'node:fs/promises';
import {dirname} from 'node:path';

import {failure} from '../failures/failure.ts';
import {isErrno} from './errno.ts';

/**
 * Makes a folder that only this user can read, or checks that it is one. The last two parts of the path (`badidea/PROFILE`) are ours: neither may be
 * a symbolic link or someone else's, for a folder above them, such as /tmp, may be open to others who could have made them first. BAD-610, BAD-611.
 */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  const parent = dirname(path);
  await makeParents(dirname(parent));
  await ensureOurs(parent);
  await ensureOurs(path);
}

/** Refuses a folder of others or a link, where we write among files that are not ours (docker's store). Absent is fine. */
export async function refuseUnsafeDirectory(path: string): Promise<void> {
  const found = await lstat(path).catch(error => {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw failure('BAD-610', {path, why: reason(error)});
  });
  if (!found) return;
  if (found.isSymbolicLink())
    throw failure('BAD-610', {path, why: 'It is a symbolic link, which could lead anywhere.'});
  if (!found.isDirectory()) throw failure('BAD-610', {path, why: 'It is not a folder.'});
  checkOwner(path, found.uid);
  if (found.mode & 0o022) throw failure('BAD-610', {path, why: 'Other users can write in it.'});
}

async function makeParents(path: string): Promise<void> {
  await mkdir(path, {recursive: true, mode: 0o700}).catch((error: unknown) => {
    throw failure('BAD-611', {path, why: reason(error)});
  });
}

async function ensureOurs(path: string): Promise<void> {
  await mkdir(path, {mode: 0o700}).catch((error: unknown) => {
    if (!isErrno(error, 'EEXIST')) throw failure('BAD-611', {path, why: reason(error)});
  });
  // Everything below goes by the open folder, not by its name: what was checked is what is changed.
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(
    (error: unknown) => {
      const link = isErrno(error, 'ELOOP') || isErrno(error, 'ENOTDIR');
      throw failure('BAD-610', {path, why: link ? 'It is a symbolic link or not a folder.' : reason(error)});
    },
  );
  try {
    const {uid, mode} = await folder.stat();
    checkOwner(path, uid);
    if (mode & 0o077) await folder.chmod(0o700);
  } finally {
    await folder.close();
  }
}

function checkOwner(path: string, uid: number): void {
  const own = process.getuid?.();
  if (own !== undefined && uid !== own)
    throw failure('BAD-610', {path, why: `It belongs to another user (uid ${uid}).`});
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
