import {stat} from 'node:fs/promises';

import {expect, onTestFinished, test} from 'vitest';

import {NotFound, NotModified} from '../../src/errors.ts';
import {type Piece, empty, hijack, json, stream} from '../../src/http/reply.ts';
import {listenOnUnixSocket} from '../../src/http/server.ts';
import {never, serveOn} from '../helpers/http-server.ts';
import {requestText, upgradeHeaders} from '../helpers/raw-client.ts';

test('only its user can open the socket, whatever the umask', async () => {
  const umask = process.umask(0);
  onTestFinished(() => void process.umask(umask));

  const {path} = await serveOn(async () => empty(200));

  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(process.umask(0)).toBe(0);
});

test('a path that is no free socket is an error, not a crash', async () => {
  await expect(
    listenOnUnixSocket('/no/such/socket', {
      handler: async () => empty(200),
      headers: {},
      onFailure() {},
    }),
  ).rejects.toThrow('/no/such/socket');
});

test('an error is a JSON message and a newline; a bug names its request and is told once', async () => {
  const {connect, failures} = await serveOn(async ({path}) => {
    if (path === '/known') throw new NotFound('No such container: x\u001b[31m');
    throw new TypeError('x is not a function');
  });
  const client = await connect();

  client.send(requestText('GET /known'));
  await client.until('}\n');
  client.send(requestText('GET /bug?secret=1'));
  const heard = await client.until('request r2"}\n');

  expect(heard).toContain('HTTP/1.1 404 Not Found\r\nServer: test\r\n');
  expect(heard).toContain('{"message":"No such container: x\\\\x1b[31m"}\n');
  expect(heard).toContain('x is not a function');
  expect(failures).toMatchObject([{requestId: 'r2', method: 'GET', path: '/bug'}]);
});

test('what is as asked already is 304 and nothing', async () => {
  const {connect} = await serveOn(async () => {
    throw new NotModified('started');
  });
  const client = await connect();

  client.send(requestText('POST /start', {headers: {Connection: 'close'}}));

  expect(await client.ended()).toMatch(/^HTTP\/1\.1 304 Not Modified\r\n(?!.*Content-Length)[^]*\r\n\r\n$/);
});

test('a head of 200 KB is read, as dockerode sends it', async () => {
  const {connect} = await serveOn(async ({query}) => json(200, query.get('q')?.length));
  const client = await connect();

  client.send(requestText(`GET /x?q=${'a'.repeat(200_000)}`));

  expect(await client.until('\n\r\n')).toContain('200 OK');
  expect(await client.until('200000\n')).toContain('200 OK');
});

test('a body above the limit is 413, with and without a length, and the connection lives', async () => {
  const {connect} = await serveOn(async request => json(200, (await request.body(10)).length));
  const client = await connect();

  client.send(requestText('POST /a', {body: 'x'.repeat(100_000)}));
  await client.until('413 Payload Too Large');
  client.send(
    requestText('POST /b', {headers: {'Transfer-Encoding': 'chunked'}}) +
      `20\r\n${'x'.repeat(32)}\r\n0\r\n\r\n`,
  );
  client.send(requestText('POST /c', {body: 'x'.repeat(10)}));

  expect(await client.until('\n10\n')).toMatch(/413[^]*413[^]*200 OK/);
});

test('the head of a stream is sent before its first piece', async () => {
  const {connect} = await serveOn(async () => stream('application/json', never()));
  const client = await connect();

  client.send(requestText('POST /wait'));

  expect(await client.until('\r\n\r\n')).toContain('Transfer-Encoding: chunked');
});

test('a stream that fails breaks the connection and is told once', async () => {
  const {connect, failures} = await serveOn(async () => {
    async function* pieces(): AsyncGenerator<Piece> {
      yield 'one';
      throw new Error('lost');
    }
    return stream('text/plain', pieces());
  });
  const client = await connect();

  client.send(requestText('GET /x'));

  expect(await client.ended()).not.toContain('\r\n0\r\n');
  expect(failures).toMatchObject([{error: {message: 'lost'}}]);
});

test('a server that stops lets streams say goodbye, then closes; a new request is refused', async () => {
  const {connect, server, path} = await serveOn(async ({signal}) => {
    async function* pieces(): AsyncGenerator<Piece> {
      yield 'one';
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      yield 'goodbye';
    }
    return hijack('application/x', {pieces: pieces()});
  });
  const client = await connect();
  client.send(requestText('POST /x', {headers: upgradeHeaders}));
  await client.until('one');

  const closed = server.close({graceMilliseconds: 500});

  expect(await client.ended()).toMatch(/onegoodbye$/);
  client.half();
  await closed;
  await expect(stat(path)).rejects.toThrow('ENOENT');
});

test('a stream that ignores the stop is cut when the grace is over', async () => {
  const {connect, server} = await serveOn(async () => stream('text/plain', never()));
  const client = await connect();
  client.send(requestText('GET /x'));
  await client.until('\r\n\r\n');

  await server.close({graceMilliseconds: 50});

  await client.ended();
});
