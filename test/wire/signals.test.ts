import {expect, test} from 'vitest';

import {isSignal, signalNumber} from '../../src/wire/signals.ts';

test.each([
  ['9', 9],
  ['KILL', 9],
  ['SIGKILL', 9],
  ['sigterm', 15],
  ['hup', 1],
  ['SIGUSR1', 10],
  ['WINCH', 28],
  ['IOT', 6],
  ['RTMIN', 34],
  ['SIGRTMIN+3', 37],
  ['RTMAX', 64],
  ['RTMAX-14', 50],
  ['64', 64],
])('%s is signal %i', (signal, number) => {
  expect(signalNumber(signal)).toBe(number);
});

test.each(['BOGUS', '0', '65', '-9', '', 'SIG', 'RTMIN-1', 'RTMAX+1', 'RTMIN+99', '9x'])(
  '%j is no signal',
  signal => {
    expect(isSignal(signal)).toBe(false);
    expect(() => signalNumber(signal)).toThrow(`invalid signal: ${signal}`);
  },
);
