import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {buffer} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {Forbidden, NotFound, NotReady, Unavailable} from '../../src/errors.ts';
import {sha256, taken} from './contract-stage.ts';
import {reply} from './fake-api.ts';
import {announce, echo, port, portApi, sendData, sendError} from './port-api.ts';

test('the port goes in the query, the credentials in a header, and no protocol but the fourth is offered', async () => {
  const {api, connect} = await portApi({exec: announce});

  await connect();

  const question = api.questions.find(({path}) => path.endsWith('/portforward'));
  expect(question?.query.getAll('ports')).toEqual([String(port)]);
  expect(question?.headers.authorization).toBe('Bearer sesame');
  expect(question?.headers['sec-websocket-protocol']).toBe('v4.channel.k8s.io');
});

test('written bytes arrive in frames of at most 32 KiB on channel 0, also before the port is announced', async () => {
  const frames: Buffer[] = [];
  const {connect} = await portApi({
    exec: socket =>
      socket.on('message', (data: Buffer) => {
        if (frames.push(data) === 4) socket.close();
      }),
  });

  const stream = await connect();
  stream.write(Buffer.alloc(100_000, 'x'));
  await once(stream.resume(), 'end');

  expect(frames.map(frame => [frame[0], frame.length - 1])).toEqual([
    [0, 32768],
    [0, 32768],
    [0, 32768],
    [0, 1696],
  ]);
});

test.for([
  [
    'alone',
    [
      [0, 0x85, 0xee],
      [1, 0x85, 0xee],
      [0, 1, 2, 3],
    ],
  ],
  [
    'byte by byte',
    [
      [0, 0x85],
      [1, 0x85],
      [0, 0xee],
      [1, 0xee],
      [0, 1],
      [0, 2],
      [0, 3],
    ],
  ],
  [
    'in one piece with the first bytes',
    [
      [0, 0x85, 0xee, 1, 2],
      [0, 3],
    ],
  ],
  ['after an empty message', [[0], [0, 0x85], [0], [0, 0xee, 1], [0], [0, 2, 3]]],
] as const)('an announcement that comes %s is no part of the bytes', async ([, messages]) => {
  const {connect} = await portApi({
    exec(socket) {
      for (const message of messages) socket.send(Buffer.from(message));
      socket.close();
    },
  });

  expect([...(await buffer(await connect()))]).toEqual([1, 2, 3]);
});

test('20 MB come back unchanged', async () => {
  const sent = randomBytes(20 * 1024 * 1024);
  const {connect} = await portApi({exec: echo});

  const stream = await connect();
  stream.write(sent);
  const received = await taken(stream, sent.length);
  stream.destroy();

  expect(sha256(received)).toBe(sha256(sent));
});

test.for([
  'failed to execute portforward in network namespace "/x": failed to connect to localhost:61061 inside namespace "y", IPv4: dial tcp4 127.0.0.1:61061: connect: connection refused',
  'failed to find sandbox "0a19c949caff" in store: not found',
  'sandbox container "0a19c949caff" is not running',
])('"%s" on the error channel is not ready, before a byte', async text => {
  const {connect} = await portApi({
    exec(socket) {
      announce(socket);
      sendError(socket, text);
      socket.close();
    },
  });

  const failure = await buffer(await connect()).catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(NotReady);
  expect(failure).toMatchObject({message: text});
});

test('an unknown error of the port is told after the bytes before it, and no more than a few lines of it', async () => {
  const {connect} = await portApi({
    exec(socket) {
      announce(socket);
      sendData(socket, 'bytes');
      sendError(socket, 'no such thing '.repeat(1000));
      socket.close();
    },
  });
  let output = '';

  const failure = await (async () => {
    for await (const chunk of await connect()) output += String(chunk);
    return undefined;
  })().catch((error: unknown) => error);

  expect(output).toBe('bytes');
  expect(failure).toBeInstanceOf(Unavailable);
  expect(String(failure).length).toBeLessThan(600);
});

test.for([
  [500, 'pod not found ("bad-1_room")', NotReady],
  [400, 'pod bad-1 does not have a host assigned', NotReady],
  [404, 'pods "bad-1" not found', NotFound],
  [403, 'pods "bad-1" is forbidden: User "x" cannot create resource "pods/portforward"', Forbidden],
  [500, 'error dialing backend: dial tcp 10.0.0.1:10250: connect: connection timed out', Unavailable],
] as const)('a refusal with %i and "%s" is read and understood', async ([status, message, kind]) => {
  const {connect} = await portApi({
    answer: (_question, response) => reply(response, status, {kind: 'Status', message}),
  });

  const failure = await connect().catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(kind);
  expect(failure).toMatchObject({message});
});

test('a farewell of the other end is the end of the bytes, and no error', async () => {
  const {connect} = await portApi({
    exec(socket) {
      announce(socket);
      sendData(socket, 'all');
      socket.close(1000);
    },
  });

  expect((await buffer(await connect())).toString()).toBe('all');
});

test('a connection that breaks is lost, not ended', async () => {
  const {api, connect} = await portApi({exec: announce});
  const stream = await connect();

  api.cut();

  await expect(buffer(stream)).rejects.toMatchObject({name: 'Unavailable', reason: 'connection'});
});

test('our end closes the connection with a farewell', async () => {
  const closes: number[] = [];
  const {connect} = await portApi({
    exec(socket) {
      announce(socket);
      socket.on('close', code => closes.push(code));
    },
  });
  const stream = await connect();

  stream.resume().end('last words');
  await once(stream, 'close');

  expect(stream.errored).toBeNull();
  await expect.poll(() => closes).toEqual([1000]);
});

test('a channel that is none of ours ends the stream with an error', async () => {
  const {connect} = await portApi({exec: socket => socket.send(Buffer.from([2, 1]))});

  await expect(buffer(await connect())).rejects.toThrow('channel 2');
});

test('a reader that stops holds the server back', async () => {
  const total = 32 * 1024 * 1024;
  let sent = 0;
  const {connect} = await portApi({
    exec(socket) {
      announce(socket);
      const more = () =>
        socket.send(Buffer.alloc(64 * 1024 + 1), () =>
          (sent += 64 * 1024) < total ? more() : socket.close(),
        );
      more();
    },
  });

  const stream = await connect();
  await sleep(200);
  const sentToNobody = sent;
  let received = 0;
  for await (const chunk of stream) received += chunk.length;

  expect(sentToNobody).toBeLessThan(16 * 1024 * 1024);
  expect(received).toBe(total);
});

test('a port that does not read holds the writer back', async () => {
  const {connect} = await portApi({exec: socket => socket.pause()});
  const stream = await connect();
  let written = 0;
  const chunk = Buffer.alloc(256 * 1024);

  while (!stream.writableNeedDrain || (await Promise.race([once(stream, 'drain'), sleep(200)]))) {
    stream.write(chunk);
    written += chunk.length;
  }

  expect(written).toBeLessThan(32 * 1024 * 1024);
  stream.destroy();
});

test('an abort while the server thinks rejects', async () => {
  const {connect} = await portApi({answer: () => {}});
  const abort = new AbortController();

  const opening = connect(abort.signal);
  setTimeout(() => abort.abort(), 50);

  await expect(opening).rejects.toThrow('aborted');
});
