import {PassThrough} from 'node:stream';

import {expect, test} from 'vitest';

import {type Piece, hijack, stream} from '../../src/http/reply.ts';
import {serveOn} from '../helpers/http-server.ts';
import {requestText, upgradeHeaders} from '../helpers/raw-client.ts';

test('100 MB go through a raw stream each way without piling up', async () => {
  const size = 100 * 1024 * 1024;
  const block = Buffer.alloc(64 * 1024);
  const down = {given: 0, taken: 0, waiting: 0};
  const up = {given: 0, taken: 0, waiting: 0};
  const move = (way: typeof up, key: 'given' | 'taken', bytes: number): void => {
    way[key] += bytes;
    way.waiting = Math.max(way.waiting, way.given - way.taken);
  };
  const {connect} = await serveOn(async () => {
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
  const {connect} = await serveOn(async () => {
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
