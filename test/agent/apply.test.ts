import {execFileSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {afterEach, beforeEach, expect, test} from 'vitest';

import {TestAgent} from './agent.ts';
import {type Entry, apply, writeEntry} from './entries.ts';

const EACCES = 13;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'badidea-files-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

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
    expect([one, stream.reset?.errno]).toEqual([one, 22]);
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

  expect([direct.reset?.errno, through.reset?.errno]).toEqual([EACCES, EACCES]);
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
