import {mkdtemp, readFile, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {expect, onTestFinished, test} from 'vitest';

import {type AgentLink, type AppliedEntry, openLink, type WalkOptions} from '../../src/link/link.ts';
import {TestAgent} from '../agent/agent.ts';
import {dialSocket} from '../fakes/scripted-agent.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'badidea-files-'));
  onTestFinished(async () => await rm(path, {recursive: true, force: true}));
  return path;
}

function linkTo(agent: TestAgent): AgentLink {
  return openLink({dial: async () => await dialSocket(join(agent.directory, 'agent.sock'))});
}

function entry(more: Partial<AppliedEntry> & Pick<AppliedEntry, 'type' | 'path'>): AppliedEntry {
  return {
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 1_700_000_000_123_456_789n,
    size: 0,
    rdev: 0n,
    link: '',
    xattrs: [],
    ...more,
  };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

async function walked(link: AgentLink, path: string, options?: WalkOptions): Promise<Map<string, string>> {
  const seen = new Map<string, string>();
  for await (const {type, mode, path: name, link: target, content, size} of link.walk(path, options)) {
    let length = 0;
    for await (const bytes of content) length += bytes.length;
    seen.set(name, `${type} ${mode.toString(8)} ${target} ${type === 'f' ? size : 0} ${length}`);
  }
  return seen;
}

test('what apply writes is what a walk gives, content, names, links and modes', async () => {
  await using agent = await TestAgent.start();
  const link = linkTo(agent);
  const path = await folder();
  const big = Buffer.alloc(3_000_000, 'badidea ');
  const entries = [
    entry({type: 'd', path: 'sub', mode: 0o2750}),
    entry({
      type: 'f',
      path: 'sub/big',
      size: big.length,
      content: each([big.subarray(0, 7), big.subarray(7)]),
    }),
    entry({type: 'f', path: 'n\udcff', mode: 0o4755, size: 1, content: each([Buffer.from('x')])}),
    entry({type: 'l', path: 'latest', mode: 0o777, link: '../nowhere'}),
    entry({type: 'h', path: 'copy', link: 'sub/big'}),
    entry({type: 'p', path: 'pipe'}),
  ];

  expect(await link.apply(path, {}, each(entries))).toBe(6n);

  expect((await readFile(join(path, 'copy'))).equals(big)).toBe(true);
  expect((await stat(join(path, 'sub/big'), {bigint: true})).mtimeNs).toBe(1_700_000_000_123_456_789n);
  const seen = await walked(link, path);
  expect([...seen.keys()].toSorted()).toEqual(['', 'copy', 'latest', 'n\udcff', 'pipe', 'sub', 'sub/big']);
  expect(seen.get('sub')).toBe('d 2750  0 0');
  expect(seen.get('latest')).toBe('l 777 ../nowhere 0 0');
  expect(seen.get('n\udcff')).toBe('f 4755  1 1');
  expect(seen.get('pipe')).toBe('p 644  0 0');
  expect(
    [seen.get('copy'), seen.get('sub/big')].toSorted((one = '', other = '') => one.localeCompare(other)),
  ).toEqual([
    expect.stringMatching(/^f 644 {2}3000000 3000000$/),
    expect.stringMatching(/^h 644 (copy|sub\/big) 0 0$/),
  ]);
  link.close();
});

test('a walk of one path, without content or children, is a stat', async () => {
  await using agent = await TestAgent.start();
  const link = linkTo(agent);
  const path = await folder();
  await link.apply(
    path,
    {},
    each([
      entry({type: 'f', path: 'a', size: 5, content: each([Buffer.from('hello')])}),
      entry({type: 'l', path: 'to', link: 'a'}),
    ]),
  );

  expect([...(await walked(link, path, {noChildren: true}))]).toEqual([['', expect.stringMatching(/^d /)]]);
  expect([...(await walked(link, join(path, 'a'), {noContent: true}))]).toEqual([['', 'f 644  5 0']]);
  expect([...(await walked(link, join(path, 'to'), {noContent: true, followSymlink: true}))]).toEqual([
    ['', 'f 644  5 0'],
  ]);
  await expect(walked(link, join(path, 'none'))).rejects.toMatchObject({code: 'ENOENT'});
  link.close();
});

test('apply says why it cannot write', async () => {
  await using agent = await TestAgent.start();
  const link = linkTo(agent);
  const path = await folder();
  await link.apply(path, {}, each([entry({type: 'd', path: 'x'})]));

  const replacing = link.apply(
    path,
    {keepKind: true},
    each([entry({type: 'f', path: 'x', size: 1, content: each([Buffer.from('y')])})]),
  );
  await expect(replacing).rejects.toMatchObject({code: 'EISDIR'});
  await expect(link.apply('none', {}, each([]))).rejects.toMatchObject({code: 'EINVAL'});
  link.close();
});
