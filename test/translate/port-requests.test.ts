import {expect, test} from 'vitest';

import {portRequests} from '../../src/translate/port-requests.ts';
import {imageNamed, recordOf} from './records.ts';

const any = {hostIp: '', hostPorts: [0]};

function requested(
  HostConfig: Record<string, unknown>,
  ExposedPorts: string[] = [],
  before: Parameters<typeof portRequests>[1] = [],
) {
  return portRequests(recordOf({HostConfig}, {image: imageNamed('x', {ExposedPorts})}), before);
}

test.each([
  ['a number', [{HostPort: '8080'}], [{hostIp: '', hostPorts: [8080]}]],
  ['an address', [{HostIp: '127.0.0.1', HostPort: '8080'}], [{hostIp: '127.0.0.1', hostPorts: [8080]}]],
  ['a range', [{HostPort: '8000-8003'}], [{hostIp: '', hostPorts: [8000, 8001, 8002, 8003]}]],
  ['a range of one', [{HostPort: '8000-8000'}], [{hostIp: '', hostPorts: [8000]}]],
  ['no number', [{HostPort: ''}], [any]],
  ['zero', [{HostPort: '0'}], [any]],
  ['null', null, [any]],
  ['an empty list', [], [any]],
  [
    'two',
    [{HostPort: '1'}, {HostPort: '2'}],
    [
      {hostIp: '', hostPorts: [1]},
      {hostIp: '', hostPorts: [2]},
    ],
  ],
])('a binding to %s', (_, bindings, requests) => {
  expect(requested({PortBindings: {'80/tcp': bindings}})).toEqual(
    requests.map(request => ({containerPort: '80/tcp', ...request})),
  );
});

test('a port without a protocol is TCP', () => {
  expect(requested({PortBindings: {80: null}})).toEqual([{containerPort: '80/tcp', ...any}]);
});

test('-P publishes the ports of the image that -p has not', () => {
  expect(
    requested({PublishAllPorts: true, PortBindings: {'80/tcp': [{HostPort: '8080'}]}}, ['443', '80/tcp']),
  ).toEqual([
    {containerPort: '80/tcp', hostIp: '', hostPorts: [8080]},
    {containerPort: '443/tcp', ...any},
  ]);
  expect(requested({}, ['80/tcp'])).toEqual([]);
});

test('-P leaves out what is not TCP: a listener of another kind would take nothing', () => {
  expect(requested({PublishAllPorts: true}, ['53/tcp', '53/udp', '9/sctp'])).toEqual([
    {containerPort: '53/tcp', ...any},
  ]);
});

const before = (containerPort: string, hostPort: number, hostIp = '127.0.0.1') => ({
  containerPort,
  hostIp,
  hostPort,
});

test.each([
  ['a random port comes back', {'80/tcp': null}, [before('80/tcp', 32_768)], [[32_768]]],
  ['one of a range comes back', {'80/tcp': [{HostPort: '8000-8003'}]}, [before('80/tcp', 8002)], [[8002]]],
  [
    'a port that is not of the range does not',
    {'80/tcp': [{HostPort: '8000-8001'}]},
    [before('80/tcp', 9000)],
    [[8000, 8001]],
  ],
  [
    'a port of another address does not',
    {'80/tcp': [{HostIp: '::1', HostPort: ''}]},
    [before('80/tcp', 9000)],
    [[0]],
  ],
  ['a port of another container port does not', {'80/tcp': null}, [before('81/tcp', 9000)], [[0]]],
  [
    'two random ports of one container port come back each',
    {'80/tcp': [{HostPort: ''}, {HostPort: ''}]},
    [
      before('80/tcp', 1001),
      before('80/tcp', 1001, '::1'),
      before('80/tcp', 1002),
      before('80/tcp', 1002, '::1'),
    ],
    [[1001], [1002]],
  ],
  [
    'a fixed port leaves the random one to the other',
    {'80/tcp': [{HostPort: ''}, {HostPort: '8080'}]},
    [before('80/tcp', 1001), before('80/tcp', 8080)],
    [[1001], [8080]],
  ],
])('under a new daemon %s', (_, PortBindings, ports, hostPorts) => {
  expect(requested({PortBindings}, [], ports).map(request => request.hostPorts)).toEqual(hostPorts);
});
