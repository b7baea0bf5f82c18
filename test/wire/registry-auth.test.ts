import {expect, test} from 'vitest';

import {parseRegistryAuth} from '../../src/wire/registry-auth.ts';

const auth = {username: 'me', password: 'pä??~~>>', serveraddress: 'registry.example'};
const text = JSON.stringify(auth);

test.each([
  ['base64url with padding', Buffer.from(text).toString('base64').replaceAll('+', '-').replaceAll('/', '_')],
  ['base64url without padding', Buffer.from(text).toString('base64url')],
  ['standard base64', Buffer.from(text).toString('base64')],
])('credentials are read from %s', (_, header) => {
  expect(parseRegistryAuth(header)).toMatchObject(auth);
});

test('the joined form of older clients is taken apart at its first colon', () => {
  const header = Buffer.from(JSON.stringify({auth: Buffer.from('me:a:b').toString('base64')})).toString(
    'base64',
  );

  expect(parseRegistryAuth(header)).toMatchObject({username: 'me', password: 'a:b'});
});

test('a token alone is enough', () => {
  expect(parseRegistryAuth(Buffer.from('{"identitytoken":"t"}').toString('base64'))).toMatchObject({
    identitytoken: 't',
    username: '',
  });
});

test.each([
  undefined,
  '',
  '!!!',
  'bnVsbA==',
  'e30=',
  Buffer.from('[1]').toString('base64'),
  'A'.repeat(100_000),
])('what cannot be read counts as absent', header => {
  expect(parseRegistryAuth(header)).toBeUndefined();
});
