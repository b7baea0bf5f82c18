import {expect, test} from 'vitest';

import {isHostPort, isPort} from '../../src/wire/port-spec.ts';

test.each(['80', '80/tcp', '53/UDP', '8000-8010/sctp', '65535'])('%s is a port of a container', spec => {
  expect(isPort(spec)).toBe(true);
});

test.each(['', '0', '65536', '10-5', 'x/tcp', '80/icmp', '80/tcp/x', '-1', '1-', ' 80', '80\n'])(
  '%j is none',
  spec => {
    expect(isPort(spec)).toBe(false);
  },
);

test('a host port may be any, one, or a range', () => {
  expect(['', '0', '8080', '8000-8010'].map(isHostPort)).toEqual([true, true, true, true]);
  expect(['99999', '80/tcp', '8-', '9-8'].map(isHostPort)).toEqual([false, false, false, false]);
});
