import {expect, test} from 'vitest';

import {startupFailure} from '../../src/daemon/startup-failure.ts';
import type {DaemonSettings} from '../../src/daemon/types.ts';
import {Conflict, type FailureReason, Forbidden, InvalidRequest, Unavailable} from '../../src/errors.ts';
import {failure} from '../../src/failures/failure.ts';

const settings: DaemonSettings = {
  profile: 'default',
  kubeContext: 'dev',
  dockerSocket: '/run/docker.sock',
  stateDirectory: '/state',
  warm: {count: 1, idleSeconds: 300, images: []},
  registries: {},
  forward: {allowNonLoopback: false},
  podRequests: {cpu: '10m', memory: '32Mi'},
};
const at = {settings, target: undefined, log: '/state/daemon.log'};

const codes: Record<FailureReason, string> = {
  kubeconfig: 'BAD-101',
  context: 'BAD-102',
  'plugin-missing': 'BAD-105',
  'plugin-failed': 'BAD-105',
  unauthorised: 'BAD-104',
  dns: 'BAD-103',
  refused: 'BAD-103',
  timeout: 'BAD-103',
  tls: 'BAD-103',
  proxy: 'BAD-103',
  connection: 'BAD-103',
};
const reasons = [
  'kubeconfig',
  'context',
  'plugin-missing',
  'plugin-failed',
  'unauthorised',
  'dns',
  'refused',
  'timeout',
  'tls',
  'proxy',
  'connection',
] as const satisfies readonly FailureReason[];

test.each(reasons)('an error of reason %s has its code and keeps its own words as the why', reason => {
  const made = startupFailure(new Unavailable('its own words', {reason}), at);

  expect(made).toMatchObject({code: codes[reason], why: 'its own words', exitCode: 4});
});

test.each([
  [new Forbidden('exceeded quota'), 'BAD-502', 5],
  [new Unavailable('gone'), 'BAD-103', 4],
  [new Conflict('odd'), 'BAD-001', 1],
  [new InvalidRequest('odd'), 'BAD-001', 1],
  [new TypeError('odd'), 'BAD-001', 1],
  ['a string', 'BAD-001', 1],
  [Object.assign(new Error('listen'), {code: 'EADDRINUSE', address: '127.0.0.1', port: 2376}), 'BAD-204', 6],
])('%s is %s', (error, code, exitCode) => {
  expect(startupFailure(error, at)).toMatchObject({code, exitCode});
});

test('a failure of the registry passes as it is', () => {
  const made = failure('BAD-309', {address: '0.0.0.0:1'});

  expect(startupFailure(made, at)).toBe(made);
});

test('a port in use is named', () => {
  const error = Object.assign(new Error('listen'), {code: 'EADDRINUSE', address: '127.0.0.1', port: 2376});

  expect(startupFailure(error, at).message).toContain('127.0.0.1:2376');
});
