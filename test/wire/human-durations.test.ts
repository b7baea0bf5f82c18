import {expect, test} from 'vitest';

import {humanDuration} from '../../src/wire/human-durations.ts';

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
