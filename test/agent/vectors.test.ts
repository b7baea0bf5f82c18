import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {expect, test} from 'vitest';

const root = join(import.meta.dirname, '../..');
const vectors = join(root, 'test/link/vectors.txt');

test('the agent reads and writes every shared vector', () => {
  const folder = mkdtempSync(join(tmpdir(), 'badidea-vectors-'));
  const program = join(folder, 'vectors');
  const pure = ['frames', 'messages', 'parts', 'base'].map(name => `src/agent/${name}.c`);
  const own = ['test/agent/vectors.c', 'test/agent/vector-text.c'];
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-Isrc/agent', '-g'];

  execFileSync('gcc', [...flags, '-fsanitize=address,undefined', ...pure, ...own, '-o', program], {
    cwd: root,
  });
  const said = execFileSync(program, [vectors], {encoding: 'utf8'});
  rmSync(folder, {recursive: true});

  const lines = readFileSync(vectors, 'utf8')
    .split('\n')
    .filter(line => line && !line.startsWith('#'));
  expect(said).toBe(`${lines.length} checked, 0 failed\n`);
});
