import {expect, test} from 'vitest';

import {eventLine, matchesEvent, type DockerEvent} from '../../src/wire/events.ts';
import {parseFilters} from '../../src/wire/filters.ts';

const die: DockerEvent = {
  Type: 'container',
  Action: 'die',
  Actor: {ID: 'abc123', Attributes: {image: 'busybox:1', name: 'web', exitCode: '3', project: 'x'}},
  nanoseconds: 1_700_000_000_123_456_789n,
};
const exec: DockerEvent = {...die, Action: 'exec_create: sh -c true'};
const pull: DockerEvent = {
  ...die,
  Type: 'image',
  Action: 'pull',
  Actor: {ID: 'busybox:1', Attributes: {name: 'busybox'}},
};

test('a container event has the old fields below API 1.52 and its time to the nanosecond', () => {
  const old = eventLine(die, 51);

  expect(old).toBe(
    '{"status":"die","id":"abc123","from":"busybox:1","Type":"container","Action":"die","Actor":{"ID":"abc123","Attributes":{"image":"busybox:1",' +
      '"name":"web","exitCode":"3","project":"x"}},"scope":"local","time":1700000000,"timeNano":1700000000123456789}\n',
  );
  expect(eventLine(die, 52)).not.toContain('"status"');
});

test('an image event has status and id, a network event neither', () => {
  expect(eventLine(pull, 51)).toMatch(/^\{"status":"pull","id":"busybox:1","Type"/);
  expect(eventLine({...die, Type: 'network'}, 51)).toMatch(/^\{"Type"/);
});

test.each([
  ['{}', die, true],
  ['{"type":["container"]}', die, true],
  ['{"type":["image"]}', die, false],
  ['{"event":["die"]}', die, true],
  ['{"event":["di"]}', die, false],
  ['{"event":["exec_create"]}', exec, true],
  ['{"event":["exec_create: sh -c true"]}', exec, true],
  ['{"event":["exec_start","die"]}', exec, false],
  ['{"container":["web"]}', die, true],
  ['{"container":["abc"]}', die, true],
  ['{"container":["other"]}', die, false],
  ['{"image":["busybox"]}', die, true],
  ['{"image":["busybox:1"]}', die, true],
  ['{"image":["busybox"]}', pull, true],
  ['{"image":["alpine"]}', pull, false],
  ['{"label":["project=x"]}', die, true],
  ['{"label":["project=y"]}', die, false],
  ['{"scope":["swarm"]}', die, false],
])('the filter %s on %o: %j', (filters, event, matches) => {
  expect(matchesEvent(event, parseFilters(filters))).toBe(matches);
});
