import {createHash, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import type net from 'node:net';
import {Duplex} from 'node:stream';
import {setImmediate as turn} from 'node:timers/promises';

import {expect, test, vi} from 'vitest';

import type {DialPort} from '../../src/ports/forwarder.ts';
import {connect, dialHere, failureOf, publish, publishOne, serve} from './support.ts';

const echo = (socket: net.Socket) => void socket.pipe(socket);

test('bytes travel both ways, the first of them before the container has answered', async () => {
  const socket = await connect(await publishOne(await serve(echo)));

  socket.end('hello');

  expect(String(await socket.toArray())).toBe('hello');
});

test('a client may end its half and still read the answer', async () => {
  const port = await publishOne(
    await serve(socket => {
      let request = '';
      socket.on('data', bytes => (request += String(bytes)));
      socket.on('end', () => socket.end(`got ${request}`));
    }),
  );
  const socket = await connect(port);

  socket.end('request');

  expect(String(await socket.toArray())).toBe('got request');
});

test('a server may end its half and still read what follows', async () => {
  const told = Promise.withResolvers<string>();
  const port = await publishOne(
    await serve(socket => {
      let request = '';
      socket.end('greeting');
      socket.on('data', bytes => (request += String(bytes)));
      socket.on('end', () => told.resolve(request));
    }),
  );
  const socket = await connect(port);

  expect(String(await socket.toArray())).toBe('greeting');
  socket.end('late');

  expect(await told.promise).toBe('late');
});

test('a port that nobody listens on inside resets the connection', async () => {
  const inside = await serve(echo);
  const port = await publishOne(inside, () => dialHere(1));

  expect(await failureOf(port)).toMatchObject({code: 'ECONNRESET'});
});

test('a container without a Pod resets the connection, and the listener lives on', async () => {
  let hasPod = false;
  const inside = await serve(echo);
  const port = await publishOne(inside, container => {
    if (!hasPod) throw new Error('no Pod');
    return dialHere(container);
  });
  const error = await failureOf(port);
  hasPod = true;

  const socket = await connect(port);
  socket.end('hello');

  expect(error).toMatchObject({code: 'ECONNRESET'});
  expect(String(await socket.toArray())).toBe('hello');
});

test('a reset inside is a reset outside', async () => {
  const port = await publishOne(await serve(socket => socket.once('data', () => socket.resetAndDestroy())));
  const socket = await connect(port);

  socket.write('hello');

  await expect(socket.toArray()).rejects.toMatchObject({code: 'ECONNRESET'});
});

test('a client that resets ends the far end', async () => {
  const ended = Promise.withResolvers<unknown>();
  const port = await publishOne(
    await serve(socket => {
      socket.on('end', ended.resolve).resume();
      socket.write('hello');
    }),
  );
  const socket = await connect(port);
  await once(socket, 'data');

  socket.resetAndDestroy();

  await ended.promise;
});

test('a client that leaves while the container is dialled ends the dial', async () => {
  const dialled: Duplex[] = [];
  const port = await publishOne(80, () => hanging(dialled));
  const socket = await connect(port);
  await vi.waitUntil(() => dialled.length === 1);

  socket.resetAndDestroy();

  await vi.waitUntil(() => dialled[0]?.destroyed);
});

test('a container that does not answer within five seconds resets the connection', async () => {
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});
  try {
    const dialled: Duplex[] = [];
    const port = await publishOne(80, () => hanging(dialled));
    const socket = await connect(port);
    while (dialled.length === 0) await turn();

    vi.advanceTimersByTime(4999);
    expect(dialled[0]?.destroyed).toBe(false);
    vi.advanceTimersByTime(1);

    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({code: 'ECONNRESET'});
  } finally {
    vi.useRealTimers();
  }
});

test('a hundred connections at once, a tenth of them reset, have their own bytes each', async () => {
  const port = await publishOne(await serve(echo));

  const results = await Promise.all(
    Array.from({length: 100}, async (_, index) => {
      const socket = await connect(port);
      const bytes = randomBytes(10_000 + index);
      if (index % 10 === 0) {
        socket.write(bytes);
        socket.resetAndDestroy();
        return 'reset';
      }
      socket.end(bytes);
      return Buffer.concat(await socket.toArray()).equals(bytes) ? 'same' : 'different';
    }),
  );

  expect(results.filter(result => result === 'same')).toHaveLength(90);
  const socket = await connect(port);
  socket.end('still there');
  expect(String(await socket.toArray())).toBe('still there');
});

test('100 MB arrive unchanged, and while nobody reads they stay with who sends them', async () => {
  const piece = randomBytes(1_000_000);
  const sent = createHash('sha256');
  let pieces = 0;
  const port = await publishOne(
    await serve(socket => {
      const more = () => {
        while (pieces < 100) {
          pieces += 1;
          sent.update(piece);
          if (!socket.write(piece)) return;
        }
        socket.end();
      };
      socket.on('drain', more);
      more();
    }),
  );
  const socket = await connect(port);

  await settled(() => pieces);
  // What the kernel's buffers of three connections hold.
  expect(pieces).toBeLessThan(40);
  const received = createHash('sha256');
  let size = 0;
  for await (const bytes of socket as AsyncIterable<Buffer>) {
    received.update(bytes);
    size += bytes.length;
  }

  expect(size).toBe(100_000_000);
  expect(received.digest('hex')).toBe(sent.digest('hex'));
});

test('after a close nobody can connect, and open connections go on', async () => {
  const inside = await serve(echo);
  const {close, ports} = await publish([{containerPort: `${inside}/tcp`, hostIp: '', hostPorts: [0]}]);
  const port = ports[0]?.hostPort ?? 0;
  const socket = await connect(port);
  socket.write('before ');
  await once(socket, 'readable');

  close();

  await expect(connect(port)).rejects.toMatchObject({code: 'ECONNREFUSED'});
  socket.end('after');
  expect(String(Buffer.concat(await socket.toArray()))).toBe('before after');
});

/** Resolves when a number has been the same for a while. */
async function settled(number: () => number): Promise<void> {
  let last = -1;
  let times = 0;
  const isSame = () => {
    times = number() === last ? times + 1 : 0;
    last = number();
    return times === 10;
  };
  await vi.waitUntil(isSame, {timeout: 10_000, interval: 20});
}

/** A dial that never connects. */
function hanging(dialled: Duplex[]): ReturnType<DialPort> {
  const stream = new Duplex({read() {}, write() {}});
  stream.on('error', () => {});
  const connected = Promise.withResolvers<void>();
  stream.once('close', () => connected.reject(new Error('closed')));
  dialled.push(stream);
  return Object.assign(stream, {connected: connected.promise});
}
