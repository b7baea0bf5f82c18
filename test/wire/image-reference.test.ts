import {expect, test} from 'vitest';

import {
  familiarReference,
  normalizedReference,
  parseImageReference,
  parsePullReference,
  withDefaultTag,
} from '../../src/wire/image-reference.ts';

const digest = `sha256:${'a1'.repeat(32)}`;

test.each([
  ['alpine', 'docker.io/library/alpine', 'alpine'],
  ['alpine:3.20', 'docker.io/library/alpine:3.20', 'alpine:3.20'],
  ['library/alpine', 'docker.io/library/alpine', 'alpine'],
  ['docker.io/alpine', 'docker.io/library/alpine', 'alpine'],
  ['index.docker.io/alpine', 'docker.io/library/alpine', 'alpine'],
  ['docker.io/library/a/b', 'docker.io/library/a/b', 'library/a/b'],
  ['user/app', 'docker.io/user/app', 'user/app'],
  ['localhost/app', 'localhost/app', 'localhost/app'],
  ['localhost:5000/app:1', 'localhost:5000/app:1', 'localhost:5000/app:1'],
  ['127.0.0.1:5000/library/alpine', '127.0.0.1:5000/library/alpine', '127.0.0.1:5000/library/alpine'],
  ['[::1]:5000/app', '[::1]:5000/app', '[::1]:5000/app'],
  [
    'registry.example/a/b__c/d-e.f:V1_2',
    'registry.example/a/b__c/d-e.f:V1_2',
    'registry.example/a/b__c/d-e.f:V1_2',
  ],
  [`alpine@${digest}`, `docker.io/library/alpine@${digest}`, `alpine@${digest}`],
  [`alpine:3@${digest}`, `docker.io/library/alpine:3@${digest}`, `alpine:3@${digest}`],
])('%s is %s in full and %s to the user', (text, full, familiar) => {
  const reference = parseImageReference(text);

  expect(normalizedReference(reference)).toBe(full);
  expect(familiarReference(reference)).toBe(familiar);
});

test.each([
  ['', 'invalid reference format'],
  ['INVALID', 'invalid reference format: repository name (library/INVALID) must be lowercase'],
  ['a'.repeat(64), 'cannot specify 64-byte hexadecimal strings'],
  ['-x', 'invalid reference format'],
  ['../x', 'invalid reference format'],
  ['a//b', 'invalid reference format'],
  ['a:', 'invalid reference format'],
  ['a:b:c', 'invalid reference format'],
  ['a@sha256:12', 'invalid reference format'],
  ['ä', 'invalid reference format'],
  ['a b', 'invalid reference format'],
  ['a\nb', 'invalid reference format'],
  [`x/${'a'.repeat(300)}`, 'must not be more than 255 characters'],
  ['a'.repeat(5000), 'invalid reference format'],
])('%j is refused', (text, message) => {
  expect(() => parseImageReference(text)).toThrow(message);
});

test.each([
  ['alpine', '', 'docker.io/library/alpine:latest'],
  ['alpine', '3', 'docker.io/library/alpine:3'],
  ['docker.io/library/busybox', 'latest', 'docker.io/library/busybox:latest'],
  ['alpine', digest, `docker.io/library/alpine@${digest}`],
  ['alpine:', '', 'docker.io/library/alpine:latest'],
  ['alpine:3', '', 'docker.io/library/alpine:3'],
])('a pull of %j with tag %j is %s', (fromImage, tag, full) => {
  expect(normalizedReference(parsePullReference(fromImage, tag))).toBe(full);
});

test('a tag that is none is refused', () => {
  expect(() => parsePullReference('alpine', '../x')).toThrow('invalid tag format');
});

test('latest is the tag of what has neither tag nor digest', () => {
  expect(withDefaultTag(parseImageReference('alpine')).tag).toBe('latest');
  expect(withDefaultTag(parseImageReference(`alpine@${digest}`)).tag).toBeUndefined();
});

test('a hostile reference is judged in no time', () => {
  const begin = performance.now();

  expect(() => parseImageReference(`${'a-'.repeat(400)}!`)).toThrow('invalid reference format');

  expect(performance.now() - begin).toBeLessThan(100);
});
