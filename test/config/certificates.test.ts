import {X509Certificate} from 'node:crypto';
import {once} from 'node:events';
import {lstat, readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {connect, createServer, type ConnectionOptions} from 'node:tls';

import {expect, test} from 'vitest';

import {certificateFiles, daysLeft, ensureCertificates} from '../../src/config/certificates.ts';
import {issue} from '../../src/config/issue.ts';
import {temporaryDirectory} from './temporary-directory.ts';

const names = {clientName: 'me@here', hosts: ['localhost'], addresses: ['127.0.0.1', '::1']};
const issued = await issue(names);
const stranger = await issue(names);

async function answerOf(options: ConnectionOptions): Promise<string> {
  const server = createServer(
    {
      ca: issued.ca,
      cert: issued.server.certificate,
      key: issued.server.key,
      requestCert: true,
      rejectUnauthorized: true,
    },
    socket => socket.end('hello'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const socket = connect({host: '127.0.0.1', port, ...options});
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  } finally {
    server.close();
  }
}

test('client and server that were issued together trust each other', async () => {
  expect(await answerOf({ca: issued.ca, cert: issued.client.certificate, key: issued.client.key})).toBe(
    'hello',
  );
});

test.each([
  ['no certificate', {}],
  ['one of another issue', {cert: stranger.client.certificate, key: stranger.client.key}],
  ["the server's own, which is for servers only", {cert: issued.server.certificate, key: issued.server.key}],
])('a client with %s is not let in', async (_, options) => {
  // TLS 1.3 tells the client after its handshake: some see an error, some an end.
  expect(await answerOf({ca: issued.ca, ...options}).catch(() => 'refused')).not.toBe('hello');
});

test('the server is not taken for another issue', async () => {
  await expect(
    answerOf({ca: stranger.ca, cert: issued.client.certificate, key: issued.client.key}),
  ).rejects.toThrow(/signature|certificate/);
});

test('the server certificate names this machine and nothing else; leaves last 90 days from an hour ago', () => {
  const server = new X509Certificate(issued.server.certificate);

  expect(server.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  expect(server.validFromDate.getTime()).toBeLessThan(Date.now() - 3500 * 1000);
  expect(Math.round((server.validToDate.getTime() - Date.now()) / 86_400_000)).toBe(90);
  expect(server.signatureAlgorithm).toBe('sha256WithRSAEncryption');
  expect(server.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  expect(server.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
});

test('files are 0600, the key of the authority is nowhere, and what is good is not issued again', async () => {
  await using folder = await temporaryDirectory();
  const directory = join(folder.path, 'badidea/tls');

  const first = await ensureCertificates(directory);
  const second = await ensureCertificates(directory);

  expect([first.renewed, second.renewed]).toEqual([true, false]);
  const files = await readdir(directory);
  expect(files.toSorted()).toEqual(['ca.crt', 'client.crt', 'client.key', 'server.crt', 'server.key']);
  const modes = await Promise.all(files.map(async name => (await lstat(join(directory, name))).mode & 0o777));
  expect(modes).toEqual(files.map(() => 0o600));
});

test('a set of two issues is no set: it is made anew', async () => {
  await using folder = await temporaryDirectory();
  const directory = join(folder.path, 'badidea/tls');
  const {files} = await ensureCertificates(directory);
  await writeFile(files.ca, stranger.ca);

  expect(await daysLeft(files)).toBeUndefined();
  expect((await ensureCertificates(directory)).renewed).toBe(true);
  expect(await readFile(files.ca, 'utf8')).not.toBe(stranger.ca);
});

test('days are counted to the first end, and an ended set is none', async () => {
  await using folder = await temporaryDirectory();
  const directory = join(folder.path, 'badidea/tls');
  await ensureCertificates(directory);
  const files = certificateFiles(directory);

  expect(await daysLeft(files, Date.now() + 70 * 86_400_000)).toBe(19);
  expect(await daysLeft(files, Date.now() + 91 * 86_400_000)).toBeUndefined();
});
