import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {PassThrough} from 'node:stream';

import {afterAll, beforeAll, expect, onTestFinished, test} from 'vitest';

import {ensureCertificates} from '../../src/config/certificates.ts';
import {hijack, json, type Piece} from '../../src/http/reply.ts';
import type {Handler} from '../../src/http/request.ts';
import {listenOnTls, type TlsMaterial} from '../../src/http/server.ts';
import {type RawClient, connectRawTls, requestText, statusOf, upgradeHeaders} from '../helpers/raw-client.ts';

let folder: string;
let server: TlsMaterial;
let client: {key: string; cert: string; ca: string};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'badidea-tls-'));
  const {files} = await ensureCertificates(join(folder, 'certificates'));
  const read = (path: string): Promise<string> => readFile(path, 'utf8');
  const ca = await read(files.ca);
  server = {ca, key: await read(files.server.key), cert: await read(files.server.certificate)};
  client = {ca, key: await read(files.client.key), cert: await read(files.client.certificate)};
});
afterAll(() => rm(folder, {recursive: true}));

const handler: Handler = async ({path, upgrade}) => json(200, {path, upgrade});

async function serveTls(serving: Handler = handler) {
  const refused: string[] = [];
  const running = await listenOnTls(
    {host: '127.0.0.1', port: 0, material: server, hosts: ['laptop.example']},
    {handler: serving, headers: {}, onFailure() {}, onRefused: reason => refused.push(reason)},
  );
  onTestFinished(() => running.close({graceMilliseconds: 50}));
  const port = running.port ?? 0;
  return {
    running,
    port,
    refused,
    connect: (): Promise<RawClient> => connectRawTls({host: '127.0.0.1', port, ...client}),
  };
}

test.each([
  '127.0.0.1',
  '127.0.0.1:2376',
  'localhost',
  'LOCALHOST:1',
  '[::1]:2376',
  'laptop.example:2376',
  'api.moby.localhost',
])('the host %s is answered', async Host => {
  const {connect} = await serveTls();

  expect(await statusOf(connect, requestText('GET /x', {headers: {Host}}))).toBe('200');
});

test.each([
  'evil.com',
  'evil.com:2376',
  '127.0.0.1.evil.com',
  'localhost.',
  '[::ffff:127.0.0.1]',
  '',
  'localhost:99999999',
  'a@localhost',
])('the host %j is not answered', async Host => {
  const {connect} = await serveTls();

  expect(await statusOf(connect, requestText('GET /x', {headers: {Host}}))).toMatch(/40[03]/);
});

test('an upgrade may have an empty host, as buildx sends it', async () => {
  const {connect} = await serveTls();

  expect(
    await statusOf(
      connect,
      requestText('POST /grpc', {headers: {Host: '', Connection: 'Upgrade', Upgrade: 'h2c'}}),
    ),
  ).toBe('200');
});

test.each([
  ['GET', {Origin: 'http://localhost'}],
  ['OPTIONS', {Origin: 'null'}],
  ['POST', {'Sec-Fetch-Site': 'cross-site'}],
  ['GET', {'Sec-Fetch-Site': 'same-origin'}],
])('a %s from a web page (%j) is refused, and no CORS header comes', async (method, headers) => {
  const {connect} = await serveTls();
  const raw = await connect();

  raw.send(requestText(`${method} /x`, {headers: {Host: 'localhost', ...headers}}));

  const heard = await raw.until('web pages');
  expect(heard).toContain('403 Forbidden');
  expect(heard.toLowerCase()).not.toContain('access-control');
});

test('only a certificate of the authority opens the door; who is turned away is told', async () => {
  const {port, refused} = await serveTls();
  const other = await ensureCertificates(join(folder, 'other'));
  const stranger = {
    key: await readFile(other.files.client.key, 'utf8'),
    cert: await readFile(other.files.client.certificate, 'utf8'),
  };

  for (const shown of [{}, stranger, {key: server.key, cert: server.cert}]) {
    const raw = await connectRawTls({host: '127.0.0.1', port, ca: client.ca, ...shown});
    raw.send(requestText('GET /x', {headers: {Host: 'localhost'}}));
    expect(await raw.ended()).toBe('');
  }
  expect(refused).toEqual([
    expect.stringContaining('certificate'),
    'CERT_SIGNATURE_FAILURE',
    'INVALID_PURPOSE',
  ]);
});

test('TLS 1.1 is refused', async () => {
  const {port} = await serveTls();

  await expect(
    connectRawTls({host: '127.0.0.1', port, ...client, minVersion: 'TLSv1', maxVersion: 'TLSv1.1'}),
  ).rejects.toThrow(/./);
});

test('renewed certificates serve new connections', async () => {
  const {running, connect, port} = await serveTls();
  const renewed = await ensureCertificates(join(folder, 'renewed'));
  const [ca, key, cert] = await Promise.all(
    [renewed.files.ca, renewed.files.server.key, renewed.files.server.certificate].map(path =>
      readFile(path, 'utf8'),
    ),
  );
  if (!ca || !key || !cert) throw new Error('no certificates');

  running.renew({ca, key, cert});

  await expect(connect()).rejects.toThrow('certificate');
  const fresh = {
    ca,
    key: await readFile(renewed.files.client.key, 'utf8'),
    cert: await readFile(renewed.files.client.certificate, 'utf8'),
  };
  expect(
    await statusOf(
      () => connectRawTls({host: '127.0.0.1', port, ...fresh}),
      requestText('GET /x', {headers: {Host: 'localhost'}}),
    ),
  ).toBe('200');
});

test.each([
  ['with an upgrade', upgradeHeaders],
  ['without one', {}],
])('output after the client has closed its half arrives, %s', async (_, headers) => {
  const {connect} = await serveTls(async () => {
    const input = new PassThrough();
    async function* pieces(): AsyncGenerator<Piece> {
      yield* input;
      await new Promise(resolve => setTimeout(resolve, 50));
      yield Buffer.alloc(200_000, 'x');
      yield 'last words';
    }
    return hijack('application/x', {input, pieces: pieces()});
  });
  const raw = await connect();

  raw.send(requestText('POST /x', {headers: {Host: 'localhost', ...headers}}));
  await raw.until('\r\n\r\n');
  raw.send('input');
  raw.half();

  expect(await raw.ended()).toMatch(/\r\n\r\ninputx{200000}last words$/);
});
