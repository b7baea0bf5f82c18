import {PassThrough} from 'node:stream';

import {describe, expect, test} from 'vitest';

import {NotFound} from '../../src/errors.ts';
import {type Piece, hijack, json, stream} from '../../src/http/reply.ts';
import {echo, never, serveOn} from '../helpers/http-server.ts';
import {requestText, upgradeHeaders} from '../helpers/raw-client.ts';

describe('a client that closes its half', () => {
  test('still gets a whole answer', async () => {
    const {connect} = await serveOn(async () => {
      await new Promise(resolve => setTimeout(resolve, 20));
      return json(200, 'here');
    });
    const client = await connect();

    client.send(requestText('GET /x'));
    client.half();

    expect(await client.ended()).toContain('"here"');
  });

  test.each([
    [
      'asking for an upgrade',
      upgradeHeaders,
      /^HTTP\/1\.1 101 UPGRADED\r\n[^]*Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n\[{}\]hellobye$/,
    ],
    [
      'without',
      {},
      /^HTTP\/1\.1 200 OK\r\nServer: test\r\nContent-Type: application\/x\r\n\r\n\[{}\]hellobye$/,
    ],
  ])('still gets the rest of a raw stream, %s', async (_, headers, expected) => {
    const {connect} = await serveOn(echo);
    const client = await connect();

    client.send(requestText('POST /x', {headers, body: '{}'}));
    await client.until('[{}]');
    client.send('hello');
    client.half();

    expect(await client.ended()).toMatch(expected);
  });

  test('ends a reply that streams: it has gone', async () => {
    const aborted = Promise.withResolvers<void>();
    const {connect} = await serveOn(async ({signal}) => {
      signal.addEventListener('abort', () => aborted.resolve());
      return stream('text/plain', never());
    });
    const client = await connect();

    client.send(requestText('GET /x'));
    await client.until('\r\n\r\n');
    client.half();

    await aborted.promise;
  });
});

test('the body of an upgrade is counted off the connection, wherever it is split', async () => {
  const {connect} = await serveOn(echo);
  const body = '{"Tty":false}';
  const bytes = `${requestText('POST /x', {headers: upgradeHeaders, body})}hello`;

  for (let at = bytes.length - body.length - 6; at < bytes.length; at++) {
    const client = await connect();
    client.send(bytes.slice(0, at));
    await new Promise(resolve => setTimeout(resolve, 5));
    client.send(bytes.slice(at));
    client.half();
    expect(await client.ended()).toMatch(/\r\n\r\n\[\{"Tty":false\}\]hellobye$/);
  }
});

test('a body that a raw stream has not read does not become its input', async () => {
  const {connect} = await serveOn(async () => {
    const input = new PassThrough();
    return hijack('application/x', {input, pieces: input});
  });

  for (const headers of [upgradeHeaders, {}]) {
    const client = await connect();
    client.send(requestText('POST /attach', {headers, body: '{"stream":true}'}));
    await client.until('\r\n\r\n');
    client.send('input');
    client.half();
    expect(await client.ended()).toMatch(/\r\n\r\ninput$/);
  }
});

test.each([
  // Node 26 closes the connection of such a one without a word
  ['is cut short', {headers: {...upgradeHeaders, 'Content-Length': '50'}}, /^$|HTTP\/1\.1 400/],
  ['is too long', {headers: {...upgradeHeaders, 'Content-Length': '1000000000'}}, /HTTP\/1\.1 413/],
  ['is in chunks', {headers: {...upgradeHeaders, 'Transfer-Encoding': 'chunked'}}, /HTTP\/1\.1 400/],
])('the body of an upgrade that %s is refused', async (_, options, status) => {
  const {connect} = await serveOn(echo);
  const client = await connect();

  client.send(requestText('POST /x', options));
  client.half();

  expect(await client.ended()).toMatch(status);
});

test('an error on an upgrade request is an ordinary answer, and closes the connection', async () => {
  const {connect} = await serveOn(async () => {
    throw new NotFound('No such exec instance: x');
  });
  const client = await connect();

  client.send(requestText('POST /exec/x/start', {headers: upgradeHeaders, body: '{}'}));

  const heard = await client.ended();
  expect(heard).toContain('HTTP/1.1 404 Not Found');
  expect(heard).toContain('{"message":"No such exec instance: x"}');
});

test('output that is on its way survives input that nobody reads', async () => {
  const {connect} = await serveOn(async () => {
    async function* pieces(): AsyncGenerator<Piece> {
      await new Promise(resolve => setTimeout(resolve, 20));
      yield Buffer.alloc(1_000_000, 'x');
    }
    return hijack('application/x', {pieces: pieces()});
  });
  const client = await connect();

  client.send(requestText('POST /x', {headers: upgradeHeaders}));
  client.send(Buffer.alloc(300_000));

  expect((await client.ended()).length).toBeGreaterThan(1_000_000);
});

test('an input that fails leaves the output alone', async () => {
  const {connect, failures} = await serveOn(async () => {
    const input = new PassThrough();
    async function* pieces(): AsyncGenerator<Piece> {
      yield 'one';
      await new Promise(resolve => input.once('error', resolve));
      yield 'two';
    }
    setTimeout(() => input.destroy(new Error('EPIPE')), 20);
    return hijack('application/x', {input, pieces: pieces()});
  });
  const client = await connect();

  client.send(requestText('POST /x', {headers: upgradeHeaders}));
  client.send('ignored');

  expect(await client.ended()).toMatch(/onetwo$/);
  expect(failures).toEqual([]);
});

test('a client that is gone ends its request, which is no failure', async () => {
  const aborted = Promise.withResolvers<void>();
  const {connect, failures} = await serveOn(async ({signal}) => {
    async function* pieces(): AsyncGenerator<Piece> {
      while (!signal.aborted) {
        yield Buffer.alloc(100_000);
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      aborted.resolve();
    }
    return hijack('application/x', {pieces: pieces()});
  });
  const client = await connect();

  client.send(requestText('POST /x', {headers: upgradeHeaders}));
  await client.until('\r\n\r\n');
  client.socket.destroy();

  await aborted.promise;
  expect(failures).toEqual([]);
});
