import {expect, test} from 'vitest';

import {scriptedEngine} from '../fakes/scripted-engine.ts';
import {ask} from '../helpers/api-client.ts';
import {serveApi} from '../helpers/api-server.ts';

const manager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/** As dockerd 28.5.2 answers, before it asks its engine. */
const rows: [request: string, body: string, status: number, type: string, message: string][] = [
  ['GET /v1.51/containers/nope/json', '', 404, 'application/json', 'No such container: nope'],
  [
    'GET /v9.99/info',
    '',
    400,
    'application/json',
    'client version 9.99 is too new. Maximum supported API version is 1.51',
  ],
  ['GET /v1.51/nosuch', '', 404, 'application/json', 'page not found'],
  ['GET /nosuch', '', 404, 'application/json', 'page not found'],
  ['PUT /v1.51/containers/json', '', 404, 'application/json', 'page not found'],
  ['HEAD /v1.51/containers/json', '', 404, 'application/json', ''],
  ['POST /v1.51/containers/nope/start', '', 404, 'application/json', 'No such container: nope'],
  [
    'POST /v1.51/containers/create',
    '',
    400,
    'application/json',
    'invalid JSON: got EOF while reading request body',
  ],
  [
    'POST /v1.51/containers/create',
    '{bad',
    400,
    'application/json',
    "invalid JSON: invalid character 'b' looking for beginning of object key string",
  ],
  [
    'POST /v1.51/containers/create',
    '{"Image":"nosuch"}',
    404,
    'application/json',
    'No such image: nosuch:latest',
  ],
  [
    'POST /v1.51/containers/nope/exec',
    '{"Cmd":["true"]}',
    404,
    'application/json',
    'No such container: nope',
  ],
  ['POST /v1.51/containers/nope/exec', '{"Cmd":[]}', 400, 'application/json', 'No exec command specified'],
  ['POST /v1.51/exec/nope/start', '{"Detach":false}', 404, 'application/json', 'No such exec instance: nope'],
  ['GET /v1.51/exec/nope/json', '', 404, 'application/json', 'No such exec instance: nope'],
  [
    'GET /v1.51/containers/nope/logs',
    '',
    400,
    'application/json',
    'Bad parameters: you must choose at least one stream',
  ],
  ['GET /v1.51/containers/nope/logs?stdout=1', '', 404, 'application/json', 'No such container: nope'],
  [
    'POST /v1.51/containers/nope/resize?h=x&w=2',
    '',
    400,
    'application/json',
    'invalid resize height "x": invalid syntax',
  ],
  ['POST /v1.51/containers/nope/wait', '', 404, 'application/json', 'No such container: nope'],
  ['POST /v1.51/containers/nope/wait?condition=bad', '', 400, 'application/json', 'invalid condition: "bad"'],
  ['GET /v1.51/containers/json?filters=bad', '', 400, 'application/json', 'invalid filter'],
  [
    'GET /v1.51/containers/json?filters=%7B%22bogus%22%3A%5B%22x%22%5D%7D',
    '',
    400,
    'application/json',
    "invalid filter 'bogus'",
  ],
  [
    'GET /v1.51/containers/json?filters=%7B%22status%22%3A%5B%22bogus%22%5D%7D',
    '',
    400,
    'application/json',
    "invalid filter 'status=bogus': invalid value for state (bogus): must be one of created, running, paused, restarting, removing, exited, dead",
  ],
  ['GET /v1.51/images/nope/json', '', 404, 'application/json', 'No such image: nope:latest'],
  [
    'POST /v1.51/images/create?fromImage=127.0.0.1:5000/nope&tag=latest',
    '',
    404,
    'application/json',
    'manifest for nope:latest not found: manifest unknown: manifest unknown',
  ],
  [
    'POST /v1.51/images/create?fromImage=INVALID&tag=x',
    '',
    400,
    'application/json',
    'invalid reference format: repository name (library/INVALID) must be lowercase',
  ],
  ['GET /v1.51/volumes/nope', '', 404, 'application/json', 'get nope: no such volume'],
  ['GET /v1.51/networks/nope', '', 404, 'application/json', 'network nope not found'],
  ['GET /v1.51/swarm', '', 503, 'application/json', manager],
  ['GET /v1.51/nodes', '', 503, 'application/json', manager],
  ['POST /v1.51/swarm/leave', '', 503, 'application/json', 'This node is not part of a swarm'],
  ['GET /v1.51/plugins/nope/json', '', 404, 'application/json', 'plugin "nope" not found'],
  [
    'GET /v1.51/events?since=bad',
    '',
    500,
    'application/json',
    'strconv.ParseInt: parsing "bad": invalid syntax',
  ],
  [
    'GET /v1.51/events?until=1&since=2',
    '',
    400,
    'application/json',
    '`since` time (2) cannot be after `until` time (1)',
  ],
  ['POST /v1.51/session', '', 400, 'application/json', 'no upgrade proto in request'],
  ['POST /v1.51/grpc', '', 500, 'application/json', 'no upgrade proto in request'],
  [
    'PUT /v1.51/volumes/used?version=1',
    '{}',
    503,
    'application/json',
    'volume update only valid for cluster volumes, but swarm is unavailable',
  ],
];

test.each(rows)('%s %s is %i %s: %s', async (...row) => {
  const [line, body, status, type, message] = row;
  const {path} = await serveApi(scriptedEngine());

  const answer = await ask(path, line, body === '' ? {} : {body});

  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe(type);
  expect(answer.body).toBe(message === '' ? '' : `${JSON.stringify({message})}\n`);
});

test('a version that is too old for JSON is refused in plain text', async () => {
  const {path} = await serveApi(scriptedEngine());

  const answer = await ask(path, 'GET /v1.10/info');

  expect(answer).toMatchObject({
    status: 400,
    headers: {'content-type': 'text/plain; charset=utf-8'},
    body: 'client version 1.10 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\n',
  });
});

test('an attach to an unknown container is refused in text under the type of the stream, with an upgrade and without', async () => {
  const {path} = await serveApi(scriptedEngine());

  for (const headers of [{}, {Connection: 'Upgrade', Upgrade: 'tcp'}]) {
    expect(await ask(path, 'POST /v1.51/containers/nope/attach?stream=1&stdout=1', {headers})).toMatchObject({
      status: 404,
      headers: {'content-type': 'application/vnd.docker.raw-stream'},
      body: 'No such container: nope\r\n',
    });
  }
});

test('OPTIONS is 200 and empty, on any path', async () => {
  const {path} = await serveApi(scriptedEngine());

  for (const target of ['/v1.51/info', '/nosuch', '*']) {
    const {status, headers, body} = await ask(path, `OPTIONS ${target}`);
    expect([status, headers['content-length'], headers['content-type'], body]).toEqual([
      200,
      '0',
      undefined,
      '',
    ]);
  }
});

test('every reply says what speaks, errors included', async () => {
  const {path} = await serveApi(scriptedEngine());

  for (const line of ['GET /_ping', 'GET /nosuch', 'OPTIONS /x', 'POST /containers/nope/start']) {
    expect((await ask(path, line)).headers, line).toMatchObject({
      'api-version': '1.51',
      'docker-experimental': 'false',
      ostype: 'linux',
      server: 'Docker/28.5.2 (linux)',
    });
  }
});

test('a ping has all the headers of Docker, and no body for HEAD', async () => {
  const {path} = await serveApi(scriptedEngine());

  const head = await ask(path, 'HEAD /_ping');
  expect(head).toMatchObject({
    status: 200,
    body: '',
    headers: {
      'builder-version': '2',
      swarm: 'inactive',
      'cache-control': 'no-cache, no-store, must-revalidate',
      pragma: 'no-cache',
      'content-length': '0',
    },
  });
  expect((await ask(path, 'GET /v1.24/_ping')).body).toBe('OK');
});
