import {lstat, readdir, readFile, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';

import {expect, test} from 'vitest';

import {openLog} from '../../src/daemon/log.ts';
import {temporaryDirectory} from '../config/temporary-directory.ts';

test('each message is one line of JSON, whatever is in it', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'daemon.log');
  const log = openLog(path);

  log.info('a\nb\u001b[31m', {name: 'x\n{"level":"error"}'});
  log.error('failed', {error: new Error('outer', {cause: new Error('inner')})});
  log.close();

  const lines = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({level: 'info', message: 'a\nb\u001b[31m'});
  expect(lines[1].error).toMatch(/Error: outer[^]*caused by: Error: inner/);
  expect((await lstat(path)).mode & 0o777).toBe(0o600);
});

test('at its limit it moves on to a new file and keeps five old ones', async () => {
  await using folder = await temporaryDirectory();
  const log = openLog(join(folder.path, 'daemon.log'), 300);

  for (let number = 0; number < 60; number += 1) log.info(`message ${number}`);
  log.close();

  const files = (await readdir(folder.path)).toSorted();
  expect(files).toEqual(['daemon.log', ...[1, 2, 3, 4, 5].map(number => `daemon.log.${number}`)]);
  expect(await readFile(join(folder.path, 'daemon.log'), 'utf8')).toContain('message 59');
  const sizes = await Promise.all(files.map(async name => (await lstat(join(folder.path, name))).size));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(300);
});

test('a link in its place is not followed', async () => {
  await using folder = await temporaryDirectory();
  await writeFile(join(folder.path, 'victim'), '');
  await symlink(join(folder.path, 'victim'), join(folder.path, 'daemon.log'));

  expect(() => openLog(join(folder.path, 'daemon.log'))).toThrow('ELOOP');
});

test('fields that JSON cannot hold do not stop the daemon', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'daemon.log');
  const log = openLog(path);
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;

  log.warn('odd', {circle, big: 1n});
  log.close();

  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({level: 'warn', message: 'odd'});
});
