import {mkdtemp, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {PassThrough} from 'node:stream';

import {afterEach, beforeEach, describe, expect, onTestFinished, test} from 'vitest';

import {NotFound, NotModified} from '../../src/errors.ts';
import type {FailureListener} from '../../src/http/exchange.ts';
import {empty, hijack, json, stream, type Piece} from '../../src/http/reply.ts';
import type {Handler} from '../../src/http/request.ts';
import {listenOnUnixSocket} from '../../src/http/server.ts';
import {connectRaw, requestText, upgradeHeaders, type RawClient} from '../helpers/raw-client.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'badidea-http-'));
});
afterEach(() => rm(folder, {recursive: true}));

async function serve(handler: Handler) {
  const path = join(folder, 's');
  const failures: Parameters<FailureListener>[0][] = [];
  const server = await listenOnUnixSocket(path, {
    handler,
    headers: {Server: 'test'},
    onFailure: failure => failures.push(failure),
  });
  onTestFinished(() => server.close({graceMilliseconds: 50}));
  return {path, failures, server, connect: (): Promise<RawClient> => connectRaw({path})};
}

async function* never(): AsyncGenerator<Piece> {
  await new Promise(() => {});
}

/** Says back what it is told, and `bye` when the client has closed its half. */
const echo: Handler = async request => {
  const body = await request.body(1000);
  const input = new PassThrough();
  async function* pieces(): AsyncGenerator<Piece> {
    yield `[${body.toString()}]`;
    yield* input;
    yield 'bye';
  }
  return hijack('application/x', {input, pieces: pieces()});
};

test('only its user can open the socket, whatever the umask', async () => {
  const umask = process.umask(0);
  onTestFinished(() => void process.umask(umask));

  const {path} = await serve(async () => empty(200));

  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(process.umask(0)).toBe(0);
});

test('a path that is no free socket is an error, not a crash', async () => {
  await expect(
    listenOnUnixSocket(join(folder, 'no', 'such'), {
      handler: async () => empty(200),
      headers: {},
      onFailure() {},
    }),
  ).rejects.toThrow();
});

test('an error is a JSON message and a newline; a bug names its request and is told once', async () => {
  const {connect, failures} = await serve(async ({path}) => {
    if (path === '/known') throw new NotFound('No such container: x\u001b[31m');
    throw new TypeError('x is not a function');
  });
  const client = await connect();

  client.send(requestText('GET /known'));
  await client.until('}\n');
  client.send(requestText('GET /bug?secret=1'));
  const heard = await client.until('--request r2"}\n');

  expect(heard).toContain('HTTP/1.1 404 Not Found\r\nServer: test\r\n');
  expect(heard).toContain('{"message":"No such container: x\\\\x1b[31m"}\n');
  expect(heard).toContain('x is not a function');
  expect(failures).toMatchObject([{requestId: 'r2', method: 'GET', path: '/bug'}]);
});

test('what is as asked already is 304 and nothing', async () => {
  const {connect} = await serve(async () => {
    throw new NotModified('started');
  });
  const client = await connect();

  client.send(requestText('POST /start', {headers: {Connection: 'close'}}));

  expect(await client.ended()).toMatch(/^HTTP\/1\.1 304 Not Modified\r\n(?!.*Content-Length)[^]*\r\n\r\n$/);
});

test('a head of 200 KB is read, as dockerode sends it', async () => {
  const {connect} = await serve(async ({query}) => json(200, query.get('q')?.length));
  const client = await connect();

  client.send(requestText(`GET /x?q=${'a'.repeat(200_000)}`));

  expect(await client.until('\n\r\n')).toContain('200 OK');
  expect(await client.until('200000\n')).toContain('200 OK');
});

test('a body above the limit is 413, with and without a length, and the connection lives', async () => {
  const {connect} = await serve(async request => json(200, (await request.body(10)).length));
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

describe('a client that closes its half', () => {
  test('still gets a whole answer', async () => {
    const {connect} = await serve(async () => {
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
    const {connect} = await serve(echo);
    const client = await connect();

    client.send(requestText('POST /x', {headers, body: '{}'}));
    await client.until('[{}]');
    client.send('hello');
    client.half();

    expect(await client.ended()).toMatch(expected);
  });

  test('ends a reply that streams: it has gone', async () => {
    const aborted = Promise.withResolvers<void>();
    const {connect} = await serve(async ({signal}) => {
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

test('the head of a stream is sent before its first piece', async () => {
  const {connect} = await serve(async () => stream('application/json', never()));
  const client = await connect();

  client.send(requestText('POST /wait'));

  expect(await client.until('\r\n\r\n')).toContain('Transfer-Encoding: chunked');
});

test('the body of an upgrade is counted off the connection, wherever it is split', async () => {
  const {connect} = await serve(echo);
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
  const {connect} = await serve(async () => {
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
  const {connect} = await serve(echo);
  const client = await connect();

  client.send(requestText('POST /x', options));
  client.half();

  expect(await client.ended()).toMatch(status);
});

test('an error on an upgrade request is an ordinary answer, and closes the connection', async () => {
  const {connect} = await serve(async () => {
    throw new NotFound('No such exec instance: x');
  });
  const client = await connect();

  client.send(requestText('POST /exec/x/start', {headers: upgradeHeaders, body: '{}'}));

  const heard = await client.ended();
  expect(heard).toContain('HTTP/1.1 404 Not Found');
  expect(heard).toContain('{"message":"No such exec instance: x"}');
});

test('output that is on its way survives input that nobody reads', async () => {
  const {connect} = await serve(async () => {
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
  const {connect, failures} = await serve(async () => {
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

test('100 MB go through a raw stream each way without piling up', async () => {
  const size = 100 * 1024 * 1024;
  const block = Buffer.alloc(64 * 1024);
  const down = {given: 0, taken: 0, waiting: 0};
  const up = {given: 0, taken: 0, waiting: 0};
  const move = (way: typeof up, key: 'given' | 'taken', bytes: number): void => {
    way[key] += bytes;
    way.waiting = Math.max(way.waiting, way.given - way.taken);
  };
  const {connect} = await serve(async () => {
    const input = new PassThrough();
    async function* pieces(): AsyncGenerator<Piece> {
      while (down.given < size) {
        move(down, 'given', block.length);
        yield [block.subarray(0, 8), block.subarray(8)];
      }
      for await (const chunk of input) move(up, 'taken', (chunk as Buffer).length);
    }
    return hijack('application/x', {input, pieces: pieces()});
  });
  const client = await connect();
  client.send(requestText('POST /x', {headers: upgradeHeaders}));
  await client.until('\r\n\r\n');
  client.socket.removeAllListeners('data');
  client.socket.on('data', chunk => move(down, 'taken', chunk.length));

  while (up.given < size) {
    move(up, 'given', block.length);
    if (!client.socket.write(block)) await new Promise(resolve => client.socket.once('drain', resolve));
  }
  client.half();
  await client.ended();

  expect(up.taken).toBe(size);
  expect(down.taken).toBeGreaterThan(size - block.length);
  expect(up.waiting).toBeLessThan(2 * 1024 * 1024);
  expect(down.waiting).toBeLessThan(2 * 1024 * 1024);
});

test('a reader that pauses holds the source back', async () => {
  let given = 0;
  const {connect} = await serve(async () => {
    async function* pieces(): AsyncGenerator<Piece> {
      for (; given < 200; given++) yield Buffer.alloc(64 * 1024);
    }
    return stream('text/plain', pieces());
  });
  const client = await connect();
  client.socket.pause();

  client.send(requestText('GET /logs', {headers: {Connection: 'close'}}));
  await new Promise(resolve => setTimeout(resolve, 200));
  const whilePaused = given;
  client.socket.resume();
  await client.ended();

  expect(whilePaused).toBeLessThan(20);
  expect(given).toBe(200);
});

test('a stream that fails breaks the connection and is told once', async () => {
  const {connect, failures} = await serve(async () => {
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

test('a client that is gone ends its request, which is no failure', async () => {
  const aborted = Promise.withResolvers<void>();
  const {connect, failures} = await serve(async ({signal}) => {
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

test('a server that stops lets streams say goodbye, then closes; a new request is refused', async () => {
  const {connect, server, path} = await serve(async ({signal}) => {
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
  const {connect, server} = await serve(async () => stream('text/plain', never()));
  const client = await connect();
  client.send(requestText('GET /x'));
  await client.until('\r\n\r\n');

  await server.close({graceMilliseconds: 50});

  await client.ended();
});
