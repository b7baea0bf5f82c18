import {expect, test} from 'vitest';

import {DaemonError} from '../../src/errors.ts';
import {fakeApi, type Question, reply, temporaryFile} from './fake-api.ts';

const version = {gitVersion: 'v1.36.0', platform: 'linux/amd64'};

test.for(['h2', 'http/1.1', 'plain'] as const)('a server that speaks %s is understood', async speaks => {
  const api = await fakeApi({speaks, answer: (_question, response) => reply(response, 200, version)});
  const {administration} = await api.connect();

  await expect(administration.serverVersion()).resolves.toMatchObject({version: 'v1.36.0'});
  expect(api.questions[0]?.headers.authorization).toBe('Bearer sesame');
});

test('all calls share one HTTP/2 connection', async () => {
  const api = await fakeApi({answer: (_question, response) => reply(response, 200, version)});
  const {administration} = await api.connect();

  await Promise.all(Array.from({length: 50}, () => administration.serverVersion()));

  expect(api.questions).toHaveLength(50);
  expect(api.connections()).toBe(1);
});

test('a connection that was cut is made anew by the next call', async () => {
  const api = await fakeApi({answer: (_question, response) => reply(response, 200, version)});
  const {administration} = await api.connect();
  await administration.serverVersion();

  api.cut();

  await expect(administration.serverVersion()).resolves.toMatchObject({version: 'v1.36.0'});
});

test('a connection that is cut under a GET does not fail it', async () => {
  const api = await fakeApi({
    answer: (_question, response) => (api.questions.length === 1 ? api.cut() : reply(response, 200, version)),
  });
  const {administration} = await api.connect();

  await expect(administration.serverVersion()).resolves.toMatchObject({version: 'v1.36.0'});
});

test('a connection that is cut under a POST is tried again, and an object that the first try made is taken as its answer', async () => {
  let made: object | undefined;
  const api = await fakeApi({
    answer({method, body}: Question, response) {
      if (method === 'GET') return reply(response, 200, made ?? {});
      if (made) return reply(response, 409, {message: 'secrets "bad-1" already exists'});
      made = {...JSON.parse(body), metadata: {...JSON.parse(body).metadata, uid: 'one'}};
      api.cut();
    },
  });
  const {cluster} = await api.connect();

  const secret = await cluster.createSecret({metadata: {name: 'bad-1'}});

  expect(secret.metadata?.uid).toBe('one');
  expect(secret.metadata?.labels).toEqual({
    'app.kubernetes.io/managed-by': 'badidea',
    'badidea.dev/owner': 'tester',
  });
});

test('a cold docker run is five calls: two objects made, one exec, two objects deleted', async () => {
  const api = await fakeApi({
    answer({method, body}, response) {
      const sent = method === 'POST' ? JSON.parse(body) : {};
      reply(response, 200, {...sent, metadata: {...sent.metadata, uid: 'one'}});
    },
    exec: socket => socket.send(Buffer.from('\u0003{"status":"Success"}')),
  });
  const counted: string[] = [];
  const {cluster} = await api.connect({countCall: ({method, path}) => counted.push(`${method} ${path}`)});

  await cluster.createSecret({metadata: {name: 'bad-1'}});
  await cluster.createPod({metadata: {name: 'bad-1'}});
  await cluster.exec('bad-1', {container: 'main', command: ['true']});
  await cluster.deletePod('bad-1', {gracePeriodSeconds: 0});
  await cluster.deleteSecret('bad-1');

  expect(counted).toEqual([
    'POST /api/v1/namespaces/room/secrets',
    'POST /api/v1/namespaces/room/pods',
    'GET /api/v1/namespaces/room/pods/bad-1/exec',
    'DELETE /api/v1/namespaces/room/pods/bad-1',
    'DELETE /api/v1/namespaces/room/secrets/bad-1',
  ]);
  expect(JSON.parse(api.questions[3]?.body ?? '')).toEqual({
    preconditions: {uid: 'one'},
    gracePeriodSeconds: 0,
  });
});

test.for([
  [400, 'InvalidRequest'],
  [401, 'Forbidden'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [409, 'Conflict'],
  [413, 'TooLarge'],
  [422, 'InvalidRequest'],
  [500, 'Unavailable'],
  [503, 'Unavailable'],
] as const)('an answer of %i is %s, with the server’s own sentence', async ([status, name]) => {
  const api = await fakeApi({
    answer: (_question, response) => reply(response, status, {kind: 'Status', message: 'because I say so'}),
  });
  const {administration} = await api.connect();

  const failure = await administration.serverVersion().catch((error: unknown) => error);

  expect(failure).toMatchObject({
    name,
    ...(status === 401 ? {reason: 'unauthorised'} : {message: 'because I say so'}),
  });
});

test('an answer that is no JSON comes from something else than an API server', async () => {
  const api = await fakeApi({
    answer: (_question, response) => response.writeHead(200).end('<html>sign in</html>'),
  });
  const {administration} = await api.connect();

  await expect(administration.serverVersion()).rejects.toThrow('is no API server');
});

test('a server that is busy says when to come again, and is asked again then', async () => {
  const api = await fakeApi({
    answer(_question, response) {
      if (api.questions.length > 2) return reply(response, 200, version);
      response.setHeader('retry-after', '0');
      reply(response, 429, {message: 'too many requests'});
    },
  });
  const {administration} = await api.connect();

  await expect(administration.serverVersion()).resolves.toMatchObject({version: 'v1.36.0'});
  expect(api.questions).toHaveLength(3);
});

test.for([
  ['refused', {server: 'https://127.0.0.1:1'}],
  ['dns', {server: 'https://no-such-host.invalid'}],
  ['tls', {'certificate-authority-data': undefined}],
  ['tls', {'tls-server-name': 'another.name'}],
  ['proxy', {'proxy-url': 'http://127.0.0.1:1'}],
] as const)('a cluster out of reach says what is at fault: %s', async ([reason, cluster]) => {
  const api = await fakeApi({answer: (_question, response) => reply(response, 200, version)});
  const {administration} = await api.connect({cluster});

  const failure = await administration.serverVersion().catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(DaemonError);
  expect(failure).toMatchObject({name: 'Unavailable', reason});
});

test('a certificate for another name is accepted if the kubeconfig names it, or asks for no check', async () => {
  const api = await fakeApi({answer: (_question, response) => reply(response, 200, version)});
  const named = await api.connect({cluster: {'tls-server-name': 'localhost'}});
  const unchecked = await api.connect({
    cluster: {'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true},
  });

  await expect(named.administration.serverVersion()).resolves.toMatchObject({version: 'v1.36.0'});
  await expect(unchecked.administration.serverVersion()).resolves.toMatchObject({version: 'v1.36.0'});
});

test('a 401 makes the plugin run once more, and only once', async () => {
  const counter = temporaryFile('count', '');
  const credential = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"'$(wc -c < ${counter})'"}}`;
  const plugin = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'sh',
    args: ['-c', `printf x >> ${counter}; echo '${credential}'`],
  };
  const api = await fakeApi({
    answer({headers}, response) {
      if (headers.authorization === 'Bearer 2') reply(response, 200, version);
      else reply(response, 401, {message: 'Unauthorized'});
    },
  });
  const {administration} = await api.connect({user: {exec: plugin}});

  await expect(administration.serverVersion()).resolves.toMatchObject({version: 'v1.36.0'});
  expect(api.questions.map(({headers}) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
});
