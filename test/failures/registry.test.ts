import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {describe, expect, test} from 'vitest';

import {failure, failureLines} from '../../src/failures/failure.ts';
import {registry} from '../../src/failures/registry.ts';
import {policyCodes} from '../../src/policy/decision.ts';
import {errorsPage} from './errors-page.ts';

const entries = Object.entries(registry);

/** The exit codes that a family may have, by the first digit of its code. */
const families: Record<string, number[]> = {
  '0': [1, 2],
  '1': [4],
  '2': [1, 3, 6, 8, 9, 10],
  '3': [7],
  '4': [4],
  '5': [5],
  '6': [9],
};

describe.each(entries)('%s', (code, entry) => {
  test('says what happened, why, and what to do', () => {
    expect(entry.what).not.toBe('');
    expect(entry.why).not.toBe('');
    expect(entry.fix.length).toBeGreaterThan(0);
    expect(entry.fix).not.toContain('');
  });

  test('has an exit code of its family', () => {
    expect(families[code.charAt(4)]).toContain(entry.exit);
  });
});

test('no two files of the registry use the same code', async () => {
  const {localFailures} = await import('../../src/failures/local-failures.ts');
  const {clusterFailures} = await import('../../src/failures/cluster-failures.ts');

  expect(entries).toHaveLength(Object.keys(localFailures).length + Object.keys(clusterFailures).length);
});

test('every code in the sources is in the registry or is a code of policy, and in one of them only', async () => {
  const root = fileURLToPath(new URL('../../src', import.meta.url));
  const files = (await readdir(root, {recursive: true})).filter(name => name.endsWith('.ts'));
  const texts = await Promise.all(files.map(name => readFile(join(root, name), 'utf8')));
  const used = new Set(texts.flatMap(text => text.match(/BAD-\d{3}/g) ?? []));

  expect([...used].filter(code => !(code in registry) && !(code in policyCodes))).toEqual([]);
  expect(Object.keys(registry).filter(code => code in policyCodes)).toEqual([]);
});

test('docs/errors.md is made from the registry: vitest run test/failures -u', async () => {
  await expect(errorsPage()).toMatchFileSnapshot('../../docs/errors.md');
});

test('facts fill the words, in lines of what, why and fix', () => {
  const made = failure('BAD-204', {address: '127.0.0.1:2376'});

  expect(failureLines(made)).toEqual([
    'The address 127.0.0.1:2376 is in use. (BAD-204)',
    '  why: Another program listens there.',
    '  fix: Take another port: badidea up --tcp 127.0.0.1:PORT',
    '  fix: Find it: ss -ltnp (Linux), lsof -iTCP -sTCP:LISTEN (macOS)',
  ]);
});

test('what would act on a terminal is taken out of facts, and lines of a "why" stay lines', () => {
  const made = failure('BAD-102', {context: 'a\u001b[31m\u202eb', why: 'one\r\ntwo\u0007'});

  expect(made.message).toContain(String.raw`"a\x1b[31m\u202eb"`);
  expect(made.why).toBe(String.raw`one
two\x07`);
});

test('a fact that holds braces is not filled again', () => {
  const made = failure('BAD-102', {context: '{why}', why: 'secret'});

  expect(made.message).toBe('There is no kubeconfig context "{why}".');
});
