import {readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';

import {expect, test} from 'vitest';

import {readSettings} from '../../src/config/settings.ts';
import {temporaryDirectory} from './temporary-directory.ts';

test('without a file the defaults hold and none is written', async () => {
  await using folder = await temporaryDirectory();

  expect(await readSettings(folder.path)).toEqual({
    warm: {count: 1, idleSeconds: 300, images: []},
    registries: {},
    forward: {allowNonLoopback: false},
    podRequests: {cpu: '10m', memory: '32Mi'},
  });
  expect(await readdir(folder.path)).toEqual([]);
});

test('what the file says holds, the rest is default, and the file stays as it is', async () => {
  await using folder = await temporaryDirectory();
  const text =
    '{"namespace":"dev","warm":{"count":0},"registries":{"docker.io":{"mirror":"https://mirror.example"}}}';
  await writeFile(join(folder.path, 'config.json'), text);

  const settings = await readSettings(folder.path);

  expect(settings).toMatchObject({namespace: 'dev', warm: {count: 0, idleSeconds: 300}});
  expect(settings.registries).toEqual({'docker.io': {mirror: 'https://mirror.example'}});
  expect(await readFile(join(folder.path, 'config.json'), 'utf8')).toBe(text);
});

test.each([
  '{"unknown": 1}',
  '{"warm": {"count": -1}}',
  '{"warm": {"cuont": 1}}',
  '{"namespace": "No_Such"}',
  '{"podRequests": {"cpu": "much"}}',
  '{"registries": {"docker.io": {"mirror": "file:///etc/passwd"}}}',
  '{"forward": {"allowNonLoopback": "yes"}}',
  '{"warm": ',
])('%s is refused with the place of the file, which stays', async text => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'config.json');
  await writeFile(file, text);

  await expect(readSettings(folder.path)).rejects.toMatchObject({
    code: 'BAD-613',
    message: expect.stringContaining(file),
  });
  expect(await readFile(file, 'utf8')).toBe(text);
});
