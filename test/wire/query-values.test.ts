import {expect, test} from 'vitest';

import {flag, limit, optionalInteger, tail, terminalLength} from '../../src/wire/query-values.ts';

test.each([undefined, '', '0', 'no', 'No', 'false', 'False', 'FALSE', 'none', ' '])('%j is false', text => {
  expect(flag(text)).toBe(false);
});

test.each(['1', 'true', 'True', 'yes', 'on', '2', 'x'])('%j is true', text => {
  expect(flag(text)).toBe(true);
});

test.each([
  [undefined, undefined],
  ['', undefined],
  ['0', 0],
  ['-1', -1],
  ['10', 10],
])('the integer of %j is %j', (text, value) => {
  expect(optionalInteger(text, 't')).toBe(value);
});

test('an integer that is none is refused by its name', () => {
  expect(() => optionalInteger('1.5', 't')).toThrow('invalid t "1.5": invalid syntax');
  expect(() => optionalInteger('9007199254740993', 't')).toThrow('invalid t');
});

test.each([
  [undefined, undefined],
  ['', undefined],
  ['all', undefined],
  ['-1', undefined],
  ['0', 0],
  ['25', 25],
])('a tail of %j is %j lines', (text, lines) => {
  expect(tail(text)).toBe(lines);
});

test('a limit of 0 or less means all', () => {
  expect([undefined, '0', '-1', '3'].map(text => limit(text, 'limit'))).toEqual([
    undefined,
    undefined,
    undefined,
    3,
  ]);
});

test('a size of a terminal is a number that fits into 16 bits', () => {
  expect(terminalLength('height')('24', 'h')).toBe(24);
  expect(() => terminalLength('height')('x', 'h')).toThrow('invalid resize height "x": invalid syntax');
  expect(() => terminalLength('width')(undefined, 'w')).toThrow('invalid resize width "": invalid syntax');
  expect(() => terminalLength('width')('65536', 'w')).toThrow('value out of range');
});
