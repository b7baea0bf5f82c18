import {expect, test} from 'vitest';

import {DetachScanner, parseDetachKeys} from '../../src/wire/detach-keys.ts';

test.each([
  [undefined, [16, 17]],
  ['', [16, 17]],
  ['ctrl-a', [1]],
  ['ctrl-@,ctrl-[,ctrl-_', [0, 27, 31]],
  ['a,b', [97, 98]],
  ['ctrl-x,x', [24, 120]],
])('the keys %j are the bytes %j', (text, bytes) => {
  expect([...parseDetachKeys(text)]).toEqual(bytes);
});

test.each(['ctrl-ä', 'xx', 'a,,b', 'ctrl-'])('%j are no keys', text => {
  expect(() => parseDetachKeys(text)).toThrow('Unknown character');
});

/** Feeds a text in pieces of each size; all must give the same. */
function scan(text: string, size: number): {passed: string; detached: boolean} {
  const scanner = new DetachScanner(parseDetachKeys(undefined));
  const input = Buffer.from(text);
  let passed = '';
  for (let at = 0; at < input.length; at += size) {
    const {pass, detached} = scanner.scan(input.subarray(at, at + size));
    passed += Buffer.from(pass).toString('latin1');
    if (detached) return {passed, detached};
  }
  return {passed: passed + Buffer.from(scanner.rest()).toString('latin1'), detached: false};
}

test.each([
  ['hello', 'hello', false],
  ['hi\x10\x11', 'hi', true],
  ['hi\x10there', 'hi\x10there', false],
  ['\x10\x10\x11x', '\x10', true],
  ['\x11\x10', '\x11\x10', false],
  ['a\x10\x11b', 'a', true],
])('of %j what is passed on is %j, detached: %j, however it is split', (text, passed, detached) => {
  for (const size of [1, 2, 3, 100]) expect(scan(text, size)).toEqual({passed, detached});
});
