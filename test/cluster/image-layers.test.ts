import {createHash} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {buffer} from 'node:stream/consumers';
import {gunzipSync} from 'node:zlib';

import {extract} from 'tar-stream';
import {afterAll, beforeAll, expect, it, vi} from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'layers-'));

beforeAll(() => {
  vi.stubEnv('XDG_CACHE_HOME', folder);
});

afterAll(() => rmSync(folder, {recursive: true}));

it('a layer is a gzipped tar of its entries, with both digests right, and the same again when made again', async () => {
  const {layerOf, readLayer} = await import('./image-layers.ts');
  const entries = [
    {path: 'home', uid: 7},
    {path: 'home/file', content: 'text\n', mode: 0o600},
    {path: 'link', link: 'home/file'},
  ];

  const layer = await layerOf('one', entries);
  const bytes = await buffer(readLayer(layer));
  rmSync(join(folder, 'badidea-cluster'), {recursive: true});
  const again = await layerOf('one', entries);

  expect(again).toEqual(layer);
  expect(layer.size).toBe(bytes.length);
  expect(layer.digest).toBe(sha256(bytes));
  expect(layer.diffId).toBe(sha256(gunzipSync(bytes)));
  expect(await namesIn(gunzipSync(bytes))).toEqual([
    'directory home 7',
    'file home/file 0',
    'symlink link 0',
  ]);
});

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function namesIn(tar: Buffer): Promise<string[]> {
  const names: string[] = [];
  const reader = extract();
  reader.end(tar);
  for await (const entry of reader) {
    names.push(`${entry.header.type} ${entry.header.name} ${entry.header.uid}`);
    entry.resume();
  }
  return names;
}
