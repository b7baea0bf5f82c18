import {execFileSync} from 'node:child_process';
import {createHash, randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {afterAll, beforeAll, expect, test} from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'badidea-sha256-'));
const program = join(folder, 'sha256');

beforeAll(() => {
  const flags = [
    '-std=c11',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-Isrc/agent',
    '-g',
    '-fsanitize=address,undefined',
  ];
  execFileSync('gcc', [...flags, 'src/agent/sha256.c', 'test/agent/sha256.c', '-o', program], {cwd: root});
}, 60_000);

afterAll(() => rmSync(folder, {recursive: true}));

/** The agent's hashes of so many first bytes. */
function hashes(data: Buffer, lengths: number[]): string[] {
  return execFileSync(program, lengths.map(String), {input: data, encoding: 'utf8'}).trimEnd().split('\n');
}

// The examples of FIPS 180-2.
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  [
    'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
    'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
])('%.40s… has the hash of the standard', (text, hash) => {
  expect(hashes(Buffer.from(text), [text.length])).toEqual([hash]);
});

test('every length up to five blocks has the hash that node:crypto makes', () => {
  const data = randomBytes(320);
  const lengths = Array.from({length: 321}, (_, length) => length);

  expect(hashes(data, lengths)).toEqual(
    lengths.map(length => createHash('sha256').update(data.subarray(0, length)).digest('hex')),
  );
});
