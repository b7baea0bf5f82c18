import {execFileSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
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

import {KIND, TestAgent} from './agent.ts';
import {bytes, u8} from './bytes.ts';
import {type Entry, readEntries, writeEntry} from './entries.ts';
import type {TestLink} from './link.ts';

const EPERM_OR_EACCES = 13;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'badidea-files-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

async function walk(link: TestLink, path: string, flags = 0) {
  const stream = link.stream(KIND.walk, Buffer.concat([bytes(path), u8(flags)]));
  stream.end();
  await stream.finished();
  return {stream, entries: stream.reset ? [] : readEntries(stream.data(), {content: (flags & 4) === 0})};
}

async function apply(link: TestLink, path: string, data: Buffer, flags = 0) {
  const stream = link.stream(KIND.apply, Buffer.concat([bytes(path), u8(flags)]));
  await stream.write(data);
  if (stream.reset === undefined) stream.end();
  return stream.finished();
}

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
  expect(kernel.stream.reset?.errno).toBe(EPERM_OR_EACCES);
});

test('an entry without a path puts the file at the very path', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  const stream = await apply(
    link,
    join(folder, 'name'),
    writeEntry({type: 'f', path: '', content: Buffer.from('x')}),
  );

  expect(stream.reset).toBeUndefined();
  expect(readFileSync(join(folder, 'name'), 'utf8')).toBe('x');
});

test('files replace files and links, and missing folders are made', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  writeFileSync(join(folder, 'target'), 'untouched');
  symlinkSync('target', join(folder, 'link'));
  const data = Buffer.concat([
    writeEntry({type: 'f', path: 'link', content: Buffer.from('new')}),
    writeEntry({type: 'f', path: 'x/y/z', content: Buffer.from('deep')}),
  ]);

  await apply(link, folder, data);

  expect(lstatSync(join(folder, 'link')).isFile()).toBe(true);
  expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('untouched');
  expect(readFileSync(join(folder, 'x/y/z'), 'utf8')).toBe('deep');
});

test('a folder gives way to a file and the reverse, but not under flag 1', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  mkdirSync(join(folder, 'tree/below'), {recursive: true});
  writeFileSync(join(folder, 'tree/below/file'), 'x');
  writeFileSync(join(folder, 'plain'), 'x');
  const file = writeEntry({type: 'f', path: 'tree', content: Buffer.from('now a file')});
  const directory = writeEntry({type: 'd', path: 'plain', mode: 0o755});

  const strictFile = await apply(link, folder, file, 1);
  const strictFolder = await apply(link, folder, directory, 1);
  expect([strictFile.reset?.errno, strictFolder.reset?.errno]).toEqual([21, 20]);
  expect(existsSync(join(folder, 'tree/below/file'))).toBe(true);

  await apply(link, folder, Buffer.concat([file, directory]));
  expect(readFileSync(join(folder, 'tree'), 'utf8')).toBe('now a file');
  expect(lstatSync(join(folder, 'plain')).isDirectory()).toBe(true);
});

test('an APPLY that ends early leaves no half file behind', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const whole = writeEntry({type: 'f', path: 'file', content: randomBytes(100_000)});

  const short = await apply(link, folder, whole.subarray(0, 50_000));

  expect(short.reset?.errno).toBe(22);
  expect(readdirSync(folder)).toEqual([]);
});

test('bad paths in entries are refused', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const bad: Partial<Entry>[] = [
    {path: '../up'},
    {path: '/absolute'},
    {path: 'a//b'},
    {path: 'a/../../b'},
    {path: 'a/'},
    {path: 'nul\0'},
    {type: 'h', path: 'x', link: '../../etc/passwd'},
    {type: 'Z', path: 'x'},
  ];

  for (const one of bad) {
    const stream = await apply(link, folder, writeEntry({type: 'f', path: 'x', ...one}));
    expect(stream.reset?.errno, JSON.stringify(one)).toBe(22);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('nothing is written into /proc, also not through a symlink', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  symlinkSync('/proc/self', join(folder, 'link'));

  const direct = await apply(
    link,
    '/proc/self',
    writeEntry({type: 'f', path: 'comm', content: Buffer.from('x')}),
  );
  const through = await apply(
    link,
    folder,
    writeEntry({type: 'f', path: 'link/comm', content: Buffer.from('x')}),
  );

  expect([direct.reset?.errno, through.reset?.errno]).toEqual([EPERM_OR_EACCES, EPERM_OR_EACCES]);
});

test('a full disk is a RESET that names the file', async ctx => {
  if (!existsSync('/dev/full') || process.getuid?.() !== 0)
    ctx.skip('needs root to mount a small file system');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  try {
    await using agent = await TestAgent.start();
    const link = await agent.link();

    const stream = await apply(
      link,
      folder,
      writeEntry({type: 'f', path: 'big', content: randomBytes(2_000_000)}),
    );

    expect(stream.reset).toEqual({errno: 28, text: 'big: No space left on device'});
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    execFileSync('umount', [folder]);
  }
});
