import {expect, test} from 'vitest';

import {isHostPort, isPort, parseHostPort, parsePort} from '../../src/wire/port-spec.ts';

test.each([
  ['80', {first: 80, last: 80, protocol: 'tcp'}],
  ['80/tcp', {first: 80, last: 80, protocol: 'tcp'}],
  ['53/UDP', {first: 53, last: 53, protocol: 'udp'}],
  ['8000-8010/sctp', {first: 8000, last: 8010, protocol: 'sctp'}],
])('the port %s is %j', (spec, range) => {
  expect(parsePort(spec)).toEqual(range);
});

test.each(['', '0', '65536', '10-5', 'x/tcp', '80/icmp', '80/tcp/x', '-1', '1-', ' 80', '80\n'])(
  '%j is no port',
  spec => {
    expect(isPort(spec)).toBe(false);
    expect(() => parsePort(spec)).toThrow('invalid port specification');
  },
);

test('a host port may be any, one, or a range', () => {
  expect(parseHostPort('')).toBeUndefined();
  expect(parseHostPort('0')).toBeUndefined();
  expect(parseHostPort('8080')).toEqual({first: 8080, last: 8080});
  expect(parseHostPort('8000-8010')).toEqual({first: 8000, last: 8010});
  expect(['99999', '80/tcp', '8-', '9-8'].map(isHostPort)).toEqual([false, false, false, false]);
});
