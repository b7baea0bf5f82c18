import {once} from 'node:events';
import {buffer} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {CommandFailed, Unavailable} from '../../src/errors.ts';
import {execApi, pod, success} from './exec-api.ts';
import {fakeApi, reply} from './fake-api.ts';

test('the command and the container go in the query, the credentials in a header', async () => {
  const {api, exec} = await execApi({exec: success});

  await exec();

  const question = api.questions.find(({path}) => path.endsWith('/exec'));
  expect(question?.query.getAll('command')).toEqual(['cat', '-n']);
  expect(question?.query.get('container')).toBe('main');
  expect(question?.headers.authorization).toBe('Bearer sesame');
  expect(question?.headers['sec-websocket-extensions']).toBeUndefined();
});

test('written bytes arrive in frames of at most 32 KiB on channel 0, and the end as a CLOSE of it', async () => {
  const frames: Buffer[] = [];
  const {exec} = await execApi({
    exec: socket =>
      socket.on('message', (data: Buffer) => {
        frames.push(data);
        if (data[0] === 255) success(socket);
      }),
  });

  const stream = await exec();
  stream.end(Buffer.alloc(100_000, 'x'));
  await once(stream.resume(), 'end');

  expect(frames.slice(0, -1).map(frame => [frame[0], frame.length - 1])).toEqual([
    [0, 32768],
    [0, 32768],
    [0, 32768],
    [0, 1696],
  ]);
  expect(frames.at(-1)).toEqual(Buffer.from([255, 0]));
});

test('a server that knows only version 4 is sent no half-close', async () => {
  const frames: Buffer[] = [];
  const {exec} = await execApi({
    protocols: ['v4.channel.k8s.io'],
    exec(socket) {
      socket.on('message', (data: Buffer) => frames.push(data));
      setTimeout(() => success(socket), 100);
    },
  });

  const stream = await exec();
  stream.end('bytes');
  await once(stream.resume(), 'end');

  expect(frames.map(String)).toEqual(['\0bytes']);
});

test('the output ends when the command succeeded, and not before its last byte, however early the first came', async () => {
  const {exec} = await execApi({
    exec(socket) {
      for (const part of ['', 'one ', 'two']) socket.send(Buffer.from(`\u0001${part}`));
      success(socket);
    },
  });

  const stream = await exec();

  expect((await buffer(stream)).toString()).toBe('one two');
});

test('a failed command is told with its exit code and its stderr', async () => {
  const status = {
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: {causes: [{reason: 'ExitCode', message: '42'}]},
  };
  const {exec} = await execApi({
    exec(socket) {
      socket.send(Buffer.from('\u0002no such thing\n'));
      socket.send(Buffer.from(`\u0003${JSON.stringify(status)}`));
      socket.close();
    },
  });

  const failure = await buffer(await exec()).catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(CommandFailed);
  expect(failure).toMatchObject({exitCode: 42, message: 'no such thing'});
});

test.for([
  ['channel', Buffer.from([9, 1, 2])],
  ['channel of ours', Buffer.from('\0echo')],
  ['status', Buffer.from('\u0003{not json')],
] as const)('an unknown %s ends the stream with an error and nothing else', async ([, message]) => {
  const {exec} = await execApi({exec: socket => socket.send(message)});

  const stream = await exec();

  await expect(buffer(stream)).rejects.toThrow(Unavailable);
});

test('a connection that closes before the command ended is lost, not ended', async () => {
  const {exec} = await execApi({
    exec(socket) {
      socket.send(Buffer.from('\u0001half'));
      socket.close();
    },
  });

  const failure = await buffer(await exec()).catch((error: unknown) => error);

  expect(failure).toMatchObject({name: 'Unavailable', reason: 'connection'});
});

test('a reader that stops holds the server back', async () => {
  let sent = 0;
  const {exec} = await execApi({
    exec(socket) {
      const more = () =>
        socket.send(Buffer.alloc(64 * 1024, 1), () =>
          (sent += 64 * 1024) < 64 * 1024 * 1024 ? more() : success(socket),
        );
      more();
    },
  });

  const stream = await exec();
  await sleep(300);
  const sentToNobody = sent;
  let received = 0;
  for await (const chunk of stream) received += chunk.length;

  expect(sentToNobody).toBeLessThan(16 * 1024 * 1024);
  expect(received).toBe(1024 * (64 * 1024 - 1));
});

test('a command that does not read holds the writer back', async () => {
  const {exec} = await execApi({exec: socket => socket.pause()});
  const stream = await exec();
  let written = 0;
  const chunk = Buffer.alloc(256 * 1024);

  while (!stream.writableNeedDrain || (await Promise.race([once(stream, 'drain'), sleep(300)]))) {
    stream.write(chunk);
    written += chunk.length;
  }

  expect(written).toBeLessThan(32 * 1024 * 1024);
  stream.destroy();
});

test('an abort while the server thinks rejects', async () => {
  const {exec} = await execApi({answer: () => {}});
  const abort = new AbortController();

  const opening = exec(abort.signal);
  setTimeout(() => abort.abort(), 50);

  await expect(opening).rejects.toThrow('aborted');
});

test('a connection is made ready while a new Pod starts, and the exec takes it', async () => {
  const api = await fakeApi({answer: (_question, response) => reply(response, 200, pod), exec: success});
  const {cluster} = await api.connect();
  await cluster.createPod({metadata: {name: 'bad-1'}});
  while (api.connections() < 2) await sleep(10);

  await cluster.exec('bad-1', {container: 'main', command: ['true']});

  expect(api.connections()).toBe(2);
});
