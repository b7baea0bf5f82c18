import {once} from 'node:events';
import {Readable} from 'node:stream';
import {finished} from 'node:stream/promises';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {frameType, type Frame} from '../../src/link/frames.ts';
import {openLink} from '../../src/link/link.ts';
import {messageType} from '../../src/link/messages.ts';
import {ScriptedAgent} from '../fakes/scripted-agent.ts';
import {until, problem} from './fixtures.ts';

test('a refused dial rejects with the name of the errno', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open) self.send(frameType.reset, frame.stream, problem(111, '127.0.0.1:80'));
  });
  const link = openLink({dial: agent.dial});

  await expect(link.dial(80)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    errno: 111,
    message: 'ECONNREFUSED: 127.0.0.1:80',
  });
  link.close();
});

test('a dial that is aborted resets its stream', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen(frame => frames.push(frame));
  const link = openLink({dial: agent.dial});

  await expect(link.dial(80, '', AbortSignal.timeout(20))).rejects.toMatchObject({name: 'TimeoutError'});
  await until(() => frames.some(frame => frame.type === frameType.reset));
  link.close();
});

test('what is written before a connection is made follows without waiting for it', async () => {
  const types: number[] = [];
  await using agent = await ScriptedAgent.listen(frame => types.push(frame.type));
  const link = openLink({dial: agent.dial});
  link.dialNow(80).write('GET /');

  await until(() => types.length >= 3);
  expect(types).toEqual([frameType.hello, frameType.open, frameType.data]);
  link.close();
});

test('what a server sent before it reset the connection is read before the error', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type !== frameType.open) return;
    self.message(frame.stream, messageType.connected);
    self.send(frameType.data, frame.stream, Buffer.alloc(300_000 / 5, 'a'));
    self.send(frameType.data, frame.stream, Buffer.alloc(300_000 / 5, 'b'));
    self.send(frameType.reset, frame.stream, problem(104, ''));
  });
  const link = openLink({dial: agent.dial});
  const stream = await link.dial(80);
  await sleep(20);

  let size = 0;
  const reading = (async () => {
    for await (const bytes of stream) {
      size += (bytes as Buffer).length;
      await sleep(1);
    }
  })();
  await expect(reading).rejects.toMatchObject({code: 'ECONNRESET'});
  expect(size).toBe(120_000);
  link.close();
});

test('a reset reaches who only writes', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open) self.message(frame.stream, messageType.connected);
    if (frame.type === frameType.data) self.send(frameType.reset, frame.stream, problem(32, ''));
  });
  const link = openLink({dial: agent.dial});
  const stream = await link.dial(80);
  stream.write('x');

  await expect(finished(stream)).rejects.toMatchObject({code: 'EPIPE'});
  link.close();
});

test('a server that only answers after the end of the request can be asked', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.eof) {
      self.message(frame.stream, messageType.connected);
      self.send(frameType.data, frame.stream, Buffer.from('answer'));
      self.send(frameType.eof, frame.stream);
    }
  });
  const link = openLink({dial: agent.dial});
  const stream = link.dialNow(80);
  Readable.from(['question']).pipe(stream);
  const [bytes] = await once(stream, 'data');

  expect(String(bytes)).toBe('answer');
  await finished(stream);
  link.close();
});
