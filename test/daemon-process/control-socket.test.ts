import {request} from 'node:http';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';

import {expect, test} from 'vitest';

import {controlClient} from '../../src/daemon/control-client.ts';
import {type Control, createControlServer} from '../../src/daemon/control-server.ts';
import {listenOnSocket} from '../../src/daemon/private-socket.ts';
import type {DaemonRecord} from '../../src/daemon/record.ts';
import {failure} from '../../src/failures/failure.ts';
import {temporaryDirectory} from '../config/temporary-directory.ts';

const log = {info() {}, warn() {}, error() {}};
const target = {contextName: 'kind-a', server: 'https://a', userName: 'me', namespace: 'ns'};
const record: DaemonRecord = {
  pid: 1234,
  startTicks: '1',
  instance: 'i',
  version: '0.1.0',
  startedAt: '2026-01-01T00:00:00Z',
  settings: {
    profile: 'default',
    dockerSocket: '/d',
    stateDirectory: '/s',
    warm: {count: 1, idleSeconds: 300, images: []},
    registries: {},
    forward: {allowNonLoopback: false},
    podRequests: {cpu: '10m', memory: '32Mi'},
  },
  target,
};

async function served(control: Partial<Control>) {
  const folder = await temporaryDirectory();
  const path = join(folder.path, 'ctl.sock');
  const whole: Control = {
    ready: async () => record,
    status: () => Promise.reject(new Error('not asked for')),
    remove: () => Promise.reject(new Error('not asked for')),
    stop: async () => undefined,
    exit: () => undefined,
    ...control,
  };
  const server = createControlServer(whole, {log, logPath: '/daemon.log'});
  await listenOnSocket(server, path);
  return {
    path,
    client: controlClient(path, async () => ({pid: 1234, log: '/daemon.log'})),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function raw(
  path: string,
  options: {method: string; path: string; headers?: Record<string, string>},
): Promise<[number, string]> {
  const {promise, resolve, reject} = Promise.withResolvers<[number, string]>();
  const sent = request({socketPath: path, agent: false, ...options}, response => {
    void text(response).then(body => resolve([response.statusCode ?? 0, body]), reject);
  });
  sent.once('error', reject);
  sent.end();
  return promise;
}

test('hello waits for a daemon that is still starting', async () => {
  const started = Promise.withResolvers<DaemonRecord>();
  await using daemon = await served({ready: () => started.promise});

  const hello = daemon.client.hello();
  started.resolve(record);

  expect(await hello).toEqual(record);
});

test('where nobody listens everything is undefined', async () => {
  const client = controlClient('/nowhere/ctl.sock', async () => ({pid: 0, log: ''}));

  expect(await Promise.all([client.hello(), client.status(), client.stop(), client.remove()])).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a failure of the daemon comes out at the other end with its code and advice', async () => {
  await using daemon = await served({
    ready: () => Promise.reject(failure('BAD-104', {cluster: 'kind-a', why: 'expired'})),
  });

  await expect(daemon.client.hello()).rejects.toMatchObject({code: 'BAD-104', why: 'expired', exitCode: 4});
});

test('a daemon that holds its socket and says nothing is BAD-214, with its pid and log', async () => {
  await using daemon = await served({ready: () => new Promise(() => undefined)});

  await expect(daemon.client.hello(200)).rejects.toMatchObject({
    code: 'BAD-214',
    message: expect.stringContaining('1234'),
  });
});

test('the process ends only after stop was answered', async () => {
  const order: string[] = [];
  const exited = Promise.withResolvers<void>();
  await using daemon = await served({
    stop: async () => void order.push('stopped'),
    exit: () => {
      order.push('exit');
      exited.resolve();
    },
  });

  expect(await daemon.client.stop()).toBe(true);
  await exited.promise;
  expect(order).toEqual(['stopped', 'exit']);
});

test.each([
  ['GET', '/v0/stop'],
  ['POST', '/v0/hello'],
  ['GET', '/'],
  ['GET', '/v0/../v0/hello'],
  ['GET', '/v0/hello?x=1'],
])('%s %s is 404', async (method, path) => {
  await using daemon = await served({});

  expect((await raw(daemon.path, {method, path}))[0]).toBe(404);
});

test('whatever bears the marks of a browser is 403', async () => {
  await using daemon = await served({});

  const [code] = await raw(daemon.path, {
    method: 'POST',
    path: '/v0/stop',
    headers: {origin: 'http://evil.example'},
  });

  expect(code).toBe(403);
});
