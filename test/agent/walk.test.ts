import {execFileSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {afterEach, beforeEach, expect, test} from 'vitest';

import {TestAgent} from './agent.ts';
import {apply, walk, writeEntry} from './entries.ts';

const EACCES = 13;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'badidea-files-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

function makeTree(root: string): void {
  mkdirSync(join(root, 'a/deep'), {recursive: true});
  writeFileSync(join(root, 'a/file'), 'content\n');
  writeFileSync(join(root, 'a/deep/big'), randomBytes(3_000_000));
  writeFileSync(join(root, 'empty'), '');
  writeFileSync(join(root, 'ä and space'), 'x');
  linkSync(join(root, 'a/file'), join(root, 'a/second name'));
  symlinkSync('../nowhere', join(root, 'a/dangling'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  chmodSync(join(root, 'a/file'), 0o4751);
  chmodSync(join(root, 'a/deep'), 0o2700);
  for (const path of ['a/file', 'a/deep', 'a']) utimesSync(join(root, path), 1_000_000, 1_234_567.5);
}

test('a tree that is walked and applied elsewhere is the same tree', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  makeTree(join(folder, 'from'));
  mkdirSync(join(folder, 'to'));

  const {stream, entries} = await walk(link, join(folder, 'from'));
  const done = await stream.expect(0x54);
  const applied = await apply(link, join(folder, 'to'), stream.data(), 2);

  expect(Number(done.u64())).toBe(entries.length);
  expect(applied.reset).toBeUndefined();
  expect(Number((await applied.expect(0x54)).u64())).toBe(entries.length);
  execFileSync('diff', ['-r', '--no-dereference', join(folder, 'from/a'), join(folder, 'to/a')]);
  const to = (path: string) => lstatSync(join(folder, 'to', path));
  expect(to('a/file').mode & 0o7777).toBe(0o4751);
  expect(to('a/deep').mode & 0o7777).toBe(0o2700);
  expect(to('a/file').ino).toBe(to('a/second name').ino);
  expect(readlinkSync(join(folder, 'to/a/dangling'))).toBe('../nowhere');
  expect(to('pipe').isFIFO()).toBe(true);
  expect([to('a').mtimeMs, to('a/deep').mtimeMs, to('a/file').mtimeMs]).toEqual(Array(3).fill(1_234_567_500));
  expect(readdirSync(join(folder, 'to')).toSorted()).toEqual(readdirSync(join(folder, 'from')).toSorted());
});

test('extended attributes that may travel do', async ctx => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const data = writeEntry({type: 'f', path: 'with', xattrs: [Buffer.from('user.note'), Buffer.from('yes')]});

  await apply(link, folder, data);
  const {entries} = await walk(link, join(folder, 'with'));

  const [name, value] = entries[0]?.xattrs ?? [];
  if (name === undefined) ctx.skip('this file system has no user.* attributes');
  expect([String(name), String(value)]).toEqual(['user.note', 'yes']);
});

test('a walk follows a symlink at its path only if asked, and never below', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  mkdirSync(join(folder, 'real'));
  writeFileSync(join(folder, 'real/file'), 'x');
  symlinkSync('real', join(folder, 'link'));

  const followed = await walk(link, join(folder, 'link'), 1);
  const itself = await walk(link, join(folder, 'link'));
  const above = await walk(link, folder);

  expect(followed.entries.map(one => [one.type, one.path])).toEqual([
    ['d', ''],
    ['f', 'file'],
  ]);
  expect(itself.entries.map(one => [one.type, one.path, one.link])).toEqual([['l', '', 'real']]);
  expect(above.entries.find(one => one.path === 'link')?.type).toBe('l');
  expect(above.entries).toHaveLength(4);
});

test('flags leave out children and content', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'file'), 'content');

  const alone = await walk(link, folder, 2);
  const bare = await walk(link, join(folder, 'file'), 4);

  expect(alone.entries.map(one => one.path)).toEqual(['']);
  expect(bare.entries.map(one => [one.type, Number(one.size)])).toEqual([['f', 7]]);
});

test('what cannot be walked is a RESET with its errno', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  const missing = await walk(link, join(folder, 'missing'));
  const relative = await walk(link, 'etc');
  const kernel = await walk(link, '/proc/self/environ');

  expect(missing.stream.reset).toEqual({errno: 2, text: `${folder}/missing: No such file or directory`});
  expect(relative.stream.reset?.errno).toBe(22);
  expect(kernel.stream.reset?.errno).toBe(EACCES);
});
