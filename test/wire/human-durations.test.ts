import {expect, test} from 'vitest';

import {humanDuration, statusText} from '../../src/wire/human-durations.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

// github.com/docker/go-units, duration_test.go, names the same bounds
test.each([
  [450, 'Less than a second'],
  [second, '1 second'],
  [45 * second, '45 seconds'],
  [60 * second, 'About a minute'],
  [90 * second, 'About a minute'],
  [3 * minute, '3 minutes'],
  [35 * minute + 40 * second, '35 minutes'],
  [60 * minute, 'About an hour'],
  [hour + 45 * minute, '2 hours'],
  [3 * hour, '3 hours'],
  [3 * hour + 29 * minute, '3 hours'],
  [3 * hour + 31 * minute, '4 hours'],
  [day, '24 hours'],
  [day + 12 * hour, '36 hours'],
  [2 * day, '2 days'],
  [7 * day, '7 days'],
  [13 * day + 5 * hour, '13 days'],
  [2 * 7 * day, '2 weeks'],
  [30 * day, '4 weeks'],
  [61 * day, '2 months'],
  [365 * day, '12 months'],
  [24 * 31 * day, '2 years'],
  [24 * 31 * day + 2 * 31 * day, '2 years'],
  [10 * 365 * day, '10 years'],
])('%d ms are "%s"', (milliseconds, words) => {
  expect(humanDuration(milliseconds)).toBe(words);
});

test.each([
  ['created', undefined, 'Created'],
  ['running', undefined, 'Up 5 minutes'],
  ['running', 'healthy', 'Up 5 minutes (healthy)'],
  ['running', 'starting', 'Up 5 minutes (health: starting)'],
  ['paused', undefined, 'Up 5 minutes (Paused)'],
  ['exited', undefined, 'Exited (3) 2 minutes ago'],
  ['restarting', undefined, 'Restarting (3) 2 minutes ago'],
  ['removing', undefined, 'Removal In Progress'],
  ['dead', undefined, 'Dead'],
] as const)('the status of a container that is %s (health %s) is "%s"', (Status, health, text) => {
  const now = 10 * minute;

  expect(
    statusText({Status, health, ExitCode: 3, startedAt: now - 5 * minute, finishedAt: now - 2 * minute, now}),
  ).toBe(text);
});

test('a clock that ran backwards gives no negative age', () => {
  expect(statusText({Status: 'running', ExitCode: 0, startedAt: 5000, finishedAt: 0, now: 0})).toBe(
    'Up Less than a second',
  );
});
