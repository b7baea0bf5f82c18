import {expect, test} from 'vitest';

import {goTime, nanoTime, parseBound, parseTimestamp} from '../../src/wire/docker-times.ts';

test.each([
  [1_700_000_000_123_456_789n, '2023-11-14T22:13:20.123456789Z', '2023-11-14T22:13:20.123456789Z'],
  [1_700_000_000_100_000_000n, '2023-11-14T22:13:20.100000000Z', '2023-11-14T22:13:20.1Z'],
  [1_700_000_000_000_000_000n, '2023-11-14T22:13:20.000000000Z', '2023-11-14T22:13:20Z'],
  [1n, '1970-01-01T00:00:00.000000001Z', '1970-01-01T00:00:00.000000001Z'],
  [-1n, '1969-12-31T23:59:59.999999999Z', '1969-12-31T23:59:59.999999999Z'],
])('%d ns is %s in logs and %s in inspect', (nanoseconds, inLogs, inInspect) => {
  expect(nanoTime(nanoseconds)).toBe(inLogs);
  expect(goTime(nanoseconds)).toBe(inInspect);
});

test.each([
  ['1700000000', 1_700_000_000_000_000_000n],
  ['1700000000.5', 1_700_000_000_500_000_000n],
  ['1700000000.000000001', 1_700_000_000_000_000_001n],
  ['1700000000.', 1_700_000_000_000_000_000n],
  ['-3.25', -3_250_000_000n],
])('the timestamp %s is %d ns', (text, nanoseconds) => {
  expect(parseTimestamp(text)).toBe(nanoseconds);
});

test('an absent time is none; as a bound, so is 0', () => {
  expect(parseTimestamp(undefined)).toBeUndefined();
  expect(parseTimestamp('0')).toBe(0n);
  expect(parseBound('0')).toBeUndefined();
});

test('junk is refused in the words of Go', () => {
  expect(() => parseTimestamp('bad')).toThrow('strconv.ParseInt: parsing "bad": invalid syntax');
});
