import {chmod, chown, lstat, mkdir, readdir, readFile, stat, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';

import {expect, test} from 'vitest';

import {ensurePrivateDirectory, refuseUnsafeDirectory} from '../../src/config/private-directory.ts';
import {readIfThere, writePrivateFile} from '../../src/config/private-file.ts';
import {temporaryDirectory} from './temporary-directory.ts';

async function mode(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8);
}

test('a private folder is 0700, also when it was there and open to others', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'base/badidea/default');
  await mkdir(path, {recursive: true});
  await chmod(path, 0o777);

  await ensurePrivateDirectory(path);

  expect(await mode(path)).toBe('700');
  expect(await mode(join(folder.path, 'base/badidea'))).toBe('700');
});

test.each(['badidea', 'badidea/default'])(
  '%s as a link is refused, and nothing behind it changes',
  async link => {
    await using folder = await temporaryDirectory();
    const target = join(folder.path, 'target');
    await mkdir(target, {mode: 0o755});
    await mkdir(join(folder.path, 'base', link, '..'), {recursive: true});
    await symlink(target, join(folder.path, 'base', link));

    const made = ensurePrivateDirectory(join(folder.path, 'base/badidea/default'));

    await expect(made).rejects.toMatchObject({code: 'BAD-610'});
    expect(await mode(target)).toBe('755');
    expect(await readdir(target)).toEqual([]);
  },
);

test('a file in the place of the folder is refused', async () => {
  await using folder = await temporaryDirectory();
  await writeFile(join(folder.path, 'badidea'), '');

  await expect(ensurePrivateDirectory(join(folder.path, 'badidea/default'))).rejects.toMatchObject({
    code: 'BAD-610',
  });
});

test('a folder of another user is refused', async () => {
  await using folder = await temporaryDirectory();
  const root = process.getuid?.() === 0;
  const theirs = root ? join(folder.path, 'theirs') : '/usr';
  if (root) {
    await mkdir(theirs);
    await chown(theirs, 12_345, 12_345);
  }

  await expect(refuseUnsafeDirectory(theirs)).rejects.toMatchObject({
    code: 'BAD-610',
    why: expect.stringContaining(root ? 'uid 12345' : 'uid 0'),
  });
});

test('a folder that others can write in is not written to', async () => {
  await using folder = await temporaryDirectory();
  await chmod(folder.path, 0o777);

  await expect(refuseUnsafeDirectory(folder.path)).rejects.toMatchObject({code: 'BAD-610'});
  await expect(refuseUnsafeDirectory(join(folder.path, 'absent'))).resolves.toBeUndefined();
});

test('a file is written whole, 0600, and nothing stays beside it', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'daemon.json');

  await writePrivateFile(path, 'one');
  await writePrivateFile(path, 'two');

  expect(await readIfThere(path)).toBe('two');
  expect(await mode(path)).toBe('600');
  expect(await readdir(folder.path)).toEqual(['daemon.json']);
});

test('what a killed process left half written goes at the next write', async () => {
  await using folder = await temporaryDirectory();
  await writeFile(join(folder.path, '.daemon.json.badidea-999999999'), 'half');

  await writePrivateFile(join(folder.path, 'daemon.json'), 'whole');

  expect(await readdir(folder.path)).toEqual(['daemon.json']);
});

test('a file that is a link is replaced; what it led to is not written', async () => {
  await using folder = await temporaryDirectory();
  await writeFile(join(folder.path, 'victim'), 'mine');
  await symlink(join(folder.path, 'victim'), join(folder.path, 'daemon.json'));

  await writePrivateFile(join(folder.path, 'daemon.json'), 'ours');

  expect(await readFile(join(folder.path, 'victim'), 'utf8')).toBe('mine');
  expect((await lstat(join(folder.path, 'daemon.json'))).isFile()).toBe(true);
});

test('when it cannot be written the old content is unharmed and the error names the place', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'taken');
  await mkdir(path);
  await writeFile(join(path, 'inside'), 'old');

  await expect(writePrivateFile(path, 'new')).rejects.toMatchObject({
    code: 'BAD-611',
    message: expect.stringContaining(path),
  });

  expect((await stat(path)).isDirectory()).toBe(true);
  expect(await readdir(folder.path)).toEqual(['taken']);
});
