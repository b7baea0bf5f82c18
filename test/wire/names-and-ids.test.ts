import {expect, test} from 'vitest';

import {containerName, idFromBytes, inventedName, shortId} from '../../src/wire/names-and-ids.ts';

test('an id is 64 hex digits, and its short form is not a number', () => {
  const id = idFromBytes(new Uint8Array(32).fill(0xab));

  expect(id).toBe('ab'.repeat(32));
  expect(shortId(id ?? '')).toBe('abababababab');
  expect(idFromBytes(new Uint8Array(32).fill(0x12))).toBeUndefined();
});

test.each(['web', 'web-1', 'a.b_c', '0a', '/web'])('%s is a name', name => {
  expect(containerName(name)).toBe(name.replace('/', ''));
});

test.each(['_bad!', 'a', '', '-x', 'a/b', 'ä', 'a b', 'a\n', 'x'.repeat(300)])('%j is none', name => {
  expect(() => containerName(name)).toThrow(
    `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
  );
});

test('an invented name is a name, and gets a number when it is taken', () => {
  expect(containerName(inventedName(() => 0.5))).toMatch(/^[a-z]+_[a-z]+$/);
  expect(containerName(inventedName(() => 0.999, 2))).toMatch(/^[a-z]+_[a-z]+99$/);
});
