import {expect, test} from 'vitest';

import {ContainerCreateRequest} from '../../src/wire/container-create-request.ts';

test('what is absent and what is null are the same defaults', () => {
  const absent = ContainerCreateRequest.parse({Image: 'x'});

  expect(absent).toMatchObject({
    Env: [],
    Labels: {},
    HostConfig: {NetworkMode: 'bridge', RestartPolicy: {Name: 'no'}, LogConfig: {Type: 'json-file'}},
  });
  expect(
    ContainerCreateRequest.parse({
      Image: 'x',
      Env: null,
      Labels: null,
      HostConfig: null,
      NetworkingConfig: null,
      StopTimeout: null,
    }),
  ).toEqual(absent);
});

test('a command may be a single text; an empty one is not an absent one', () => {
  expect(ContainerCreateRequest.parse({Cmd: 'sh'}).Cmd).toEqual(['sh']);
  expect(ContainerCreateRequest.parse({Cmd: []}).Cmd).toEqual([]);
  expect(ContainerCreateRequest.parse({Cmd: null}).Cmd).toBeUndefined();
});

test.each([
  [{Image: 3}, 'expected string'],
  [{Cmd: [1]}, 'expected a list of strings'],
  [{Cmd: ['a\0b']}, 'must not contain a NUL character'],
  [{Env: ['=x']}, 'invalid environment variable: "=x"'],
  [{StopSignal: 'BOGUS'}, 'invalid signal: BOGUS'],
  [{StopTimeout: 2 ** 53}, 'Too big'],
  [{HostConfig: {Memory: '1'}}, 'expected number'],
  [{HostConfig: {Memory: 1.5}}, 'expected int'],
  [{HostConfig: {PortBindings: {'80/tcp': [{HostPort: '99999'}]}}}, 'invalid port specification: "99999"'],
  [{HostConfig: {PortBindings: {'x/tcp': []}}}, 'Invalid key in record'],
  [[], 'expected object'],
])('%j is refused: %s', (request, message) => {
  const {error} = ContainerCreateRequest.safeParse(request);

  expect(error?.issues.map(issue => issue.message).join()).toContain(message);
});
