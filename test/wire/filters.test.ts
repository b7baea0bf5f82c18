import {expect, test} from 'vitest';

import {
  booleanFilter,
  matchesExactly,
  matchesLabels,
  matchesName,
  parseFilters,
  requireKnownFilters,
} from '../../src/wire/filters.ts';

test('both JSON forms of filters mean the same', () => {
  const ofGo = parseFilters('{"label":{"a":true,"b=1":true},"status":{"exited":true}}');
  const ofSdks = parseFilters('{"label":["a","b=1"],"status":["exited"]}');

  expect(ofGo).toEqual(ofSdks);
  expect(ofGo.get('label')).toEqual(['a', 'b=1']);
});

test('absent and empty filters are none', () => {
  expect(parseFilters(undefined).size).toBe(0);
  expect(parseFilters('').size).toBe(0);
});

test.each(['bad', '[]', '3', 'null', '{"a":3}', '{"a":[1]}', '{"a":{"b":"c"}}'])(
  '%s is an invalid filter',
  text => {
    expect(() => parseFilters(text)).toThrow('invalid filter');
  },
);

test('an unknown key is named', () => {
  expect(() => requireKnownFilters(parseFilters('{"bogus":["x"]}'), ['name'])).toThrow(
    "invalid filter 'bogus'",
  );
});

test.each([
  ['["com.x"]', {'com.x': '1'}, true],
  ['["com.x=1"]', {'com.x': '1'}, true],
  ['["com.x=2"]', {'com.x': '1'}, false],
  ['["com.x=a=b"]', {'com.x': 'a=b'}, true],
  ['["com.x","com.y"]', {'com.x': '1'}, false],
  ['["toString"]', {}, false],
  ['["com.x="]', {'com.x': ''}, true],
])('labels %s against %j: %j', (wanted, labels, matches) => {
  expect(matchesLabels(parseFilters(`{"label":${wanted}}`), labels)).toBe(matches);
  expect(matchesLabels(parseFilters('{}'), labels)).toBe(true);
});

test('label! asks for the opposite', () => {
  expect(matchesLabels(parseFilters('{"label!":["keep"]}'), {keep: '1'})).toBe(false);
  expect(matchesLabels(parseFilters('{"label!":["keep"]}'), {})).toBe(true);
});

test.each([
  ['web', true],
  ['eb-', true],
  ['^web-1$', true],
  ['^/web-1$', true],
  ['^web$', false],
  ['w.b', true],
  ['[', false],
  ['(a+)+$', false],
])('the name web-1 for %s: %j', (pattern, matches) => {
  expect(matchesName(parseFilters(JSON.stringify({name: [pattern]})), '/web-1')).toBe(matches);
});

test('a key that is absent matches everything', () => {
  expect(matchesExactly(parseFilters('{}'), 'type', 'x')).toBe(true);
  expect(matchesExactly(parseFilters('{"type":["y"]}'), 'type', 'x')).toBe(false);
  expect(matchesName(parseFilters('{}'), 'x')).toBe(true);
});

test('a boolean filter is true, false, absent or refused', () => {
  expect(booleanFilter(parseFilters('{"dangling":["true"]}'), 'dangling')).toBe(true);
  expect(booleanFilter(parseFilters('{"dangling":["0"]}'), 'dangling')).toBe(false);
  expect(booleanFilter(parseFilters('{}'), 'dangling')).toBeUndefined();
  expect(() => booleanFilter(parseFilters('{"dangling":["x"]}'), 'dangling')).toThrow(
    "invalid filter 'dangling=[x]'",
  );
});
