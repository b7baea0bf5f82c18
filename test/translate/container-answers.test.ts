import {expect, test} from 'vitest';

import {containerInspect, containerSummary} from '../../src/translate/container-answers.ts';
import {imageNamed, recordOf, runningState, view, web} from './records.ts';

test.each([
  ['created', {}, 'Created'],
  ['running', {status: 'running', startedAt: '1000000000'}, 'Up 3 minutes'],
  ['running', {status: 'running', startedAt: '180500000000'}, 'Up Less than a second'],
  ['running', {status: 'running', startedAt: '999000000000'}, 'Up Less than a second'],
  [
    'exited',
    {status: 'exited', startedAt: '1', finishedAt: '121000000000', exitCode: 3},
    'Exited (3) About a minute ago',
  ],
] as const)('a container that is %s with %j is listed as %j %s', (State, state, Status) => {
  expect(containerSummary(view({}, state), 181_000_000_000n)).toMatchObject({State, Status});
});

test('a container that is being removed is listed as such', () => {
  expect(containerSummary(view({}, {}, {removing: true}), 0n)).toMatchObject({
    State: 'removing',
    Status: 'Removal In Progress',
  });
});

// All measured with dockerd 28.5.2.
test.each([
  [{Cmd: ['sh', '-c', `it's a "b c"`]}, `sh -c 'it's a "b c"'`],
  [{Cmd: ['', 'x"y', 'a$b']}, ' x"y a$b'],
  [{Entrypoint: ['a b'], Cmd: ['c\td', 'e\nf', 'g h']}, "a b c\td e\nf 'g h'"],
])('%j is listed as the command %s', (request, command) => {
  expect(containerSummary(view(request), 0n)['Command']).toBe(command);
});

test.each([
  ['a port of the image that is not published', {}, ['80/tcp'], {'80/tcp': null}],
  ['a port of --expose', {ExposedPorts: {'70/udp': {}, '71': {}}}, [], {'70/udp': null, '71/tcp': null}],
])('%s is null in inspect, and without a public port in the list', (_, request, ExposedPorts, ports) => {
  const exposing = recordOf(request, {image: imageNamed('x', {ExposedPorts})});
  const running = {...view({}, {status: 'running', startedAt: '1'}), record: exposing};

  expect(containerInspect(running).NetworkSettings.Ports).toEqual(ports);
  expect(containerSummary(running, 2n).Ports.map(({PrivatePort, Type}) => `${PrivatePort}/${Type}`)).toEqual(
    Object.keys(ports),
  );
  expect(containerSummary(running, 2n).Ports.some(port => 'PublicPort' in port)).toBe(false);
});

test('what does not run has no ports, no address and no pid', () => {
  const inspect = containerInspect(
    view(web, {...runningState, status: 'exited', finishedAt: '1795381047000000000'}),
  );

  expect(inspect.NetworkSettings).toMatchObject({Ports: {}, IPAddress: '', SandboxID: ''});
  expect(inspect.State).toMatchObject({Pid: 0, Running: false, FinishedAt: '2026-11-22T20:57:27Z'});
  expect(containerSummary(view(web, {...runningState, status: 'exited', finishedAt: '1'}), 2n).Ports).toEqual(
    [],
  );
});

test('labels, variables, user and directory are those of the image under those of the request', () => {
  const config = {
    Labels: {a: 'image', b: 'image'},
    Env: ['A=image', 'B=image'],
    User: 'app',
    WorkingDir: '/srv',
    StopSignal: 'SIGINT',
    Volumes: ['/data'],
  };
  const record = recordOf(
    {Labels: {b: 'request'}, Env: ['B=request'], StopTimeout: 3},
    {image: imageNamed('x', config)},
  );

  expect(containerInspect({...view(), record}).Config).toMatchObject({
    Labels: {a: 'image', b: 'request'},
    Env: ['B=request', 'A=image'],
    User: 'app',
    WorkingDir: '/srv',
    StopSignal: 'SIGINT',
    StopTimeout: 3,
    Volumes: {'/data': {}},
  });
});

test('the execs that run are named', () => {
  expect(containerInspect(view({}, {}, {execIds: ['a', 'b']}))['ExecIDs']).toEqual(['a', 'b']);
});

test('HostConfig is echoed as it was sent, over the defaults of dockerd', () => {
  const {HostConfig} = containerInspect(
    view({HostConfig: {Memory: 64, RestartPolicy: null, MemorySwappiness: -1, ShmSize: 0, Dns: null}}),
  );

  expect(HostConfig).toMatchObject({
    Memory: 64,
    RestartPolicy: {Name: 'no', MaximumRetryCount: 0},
    MemorySwappiness: null,
    ShmSize: 67_108_864,
    Dns: [],
    NetworkMode: 'bridge',
  });
});
