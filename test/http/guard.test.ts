import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {afterAll, beforeAll, expect, onTestFinished, test} from 'vitest';

import {json} from '../../src/http/reply.ts';
import {listenOnUnixSocket} from '../../src/http/server.ts';
import {type RawClient, connectRaw, requestText, statusOf} from '../helpers/raw-client.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'badidea-guard-'));
});
afterAll(() => rm(folder, {recursive: true}));

async function serveUnix(): Promise<() => Promise<RawClient>> {
  const path = join(folder, `s${Math.random()}`);
  const running = await listenOnUnixSocket(path, {
    handler: async ({path: asked, upgrade}) => json(200, {path: asked, upgrade}),
    headers: {},
    onFailure() {},
  });
  onTestFinished(() => running.close({graceMilliseconds: 50}));
  return () => connectRaw({path});
}

test.each(['anything', '', 'evil.com'])('any host is answered: %j', async Host => {
  expect(await statusOf(await serveUnix(), requestText('GET /x', {headers: {Host}}))).toBe('200');
});

test.each([
  [
    'a length and chunks',
    'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['two lengths', 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
  ['an encoding that is none', 'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
  ['a space before the colon', 'GET /x HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n'],
  ['line ends without a return', 'GET /x HTTP/1.1\nHost: a\n\n'],
  ['no host', 'GET /x HTTP/1.1\r\n\r\n'],
  ['two hosts', 'GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['a NUL', 'GET /x HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n'],
  ['a whole URL', 'GET http://evil/x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['..', 'GET /v1.47/../x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an encoded ..', 'GET /containers/..%2f..%2fx/json HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['two slashes', 'GET //x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an encoded NUL', 'GET /containers/a%00b/json HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['half an escape', 'GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['2 MB of headers', `GET /x HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(2_000_000)}\r\n\r\n`],
])('a request with %s never reaches an endpoint', async (_, request) => {
  expect(await statusOf(await serveUnix(), request)).toMatch(/^(4\d\d|)$/);
});

test('CONNECT is not answered', async () => {
  expect(await statusOf(await serveUnix(), 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^(4\d\d|)$/);
});

test('an upgrade to anything but tcp is an ordinary request', async () => {
  const raw = await (await serveUnix())();

  raw.send(requestText('POST /grpc', {headers: {Connection: 'Upgrade', Upgrade: 'h2c'}}));

  expect(await raw.until('}\n')).toContain('{"path":"/grpc","upgrade":false}');
});
