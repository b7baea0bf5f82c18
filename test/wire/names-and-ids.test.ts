import {expect, test} from 'vitest';

import {findByReference} from '../../src/wire/names-and-ids.ts';

const things = [
  {Id: 'abc1', Name: '/web'},
  {Id: 'abd2', Name: '/abc'},
  {Id: 'fff3', Name: '/db'},
];

test.each([
  ['abc1', 'abc1'],
  ['web', 'abc1'],
  ['/web', 'abc1'],
  ['abc', 'abd2'],
  ['f', 'fff3'],
  ['nope', undefined],
  ['', undefined],
])('%j is %j: the id, else the name, else the beginning of an id', (reference, id) => {
  expect(findByReference(reference, things)?.Id).toBe(id);
});

test('a beginning of two ids is refused', () => {
  expect(() => findByReference('ab', things)).toThrow('multiple IDs found with provided prefix: ab');
});
