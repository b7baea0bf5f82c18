import {once} from 'node:events';
import {type AddressInfo, type Server, type Socket, createServer} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {KIND, TestAgent, dial} from './agent.ts';
import {bytes, u16, u8} from './bytes.ts';

const ECONNREFUSED = 111;

async function serve(host: string, take: (socket: Socket) => void): Promise<{port: number; server: Server}> {
  const server = createServer({allowHalfOpen: true}, socket => {
    socket.on('error', () => undefined);
    take(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {port, server};
}

test('bytes pass both ways, and each way ends on its own', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  let got = 0;
  const {port, server} = await serve('127.0.0.1', socket => {
    socket.on('data', data => (got += data.length));
    socket.on('end', () => setTimeout(() => socket.end(Buffer.alloc(2_000_000, 'y')), 100));
  });

  const stream = dial(link, port);
  await stream.write(Buffer.alloc(3_000_000, 'x'));
  stream.end();
  await stream.finished();

  expect([got, stream.data().length, stream.ended]).toEqual([3_000_000, 2_000_000, true]);
  server.close();
});

test('an address can be named, also of IPv6', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const {port, server} = await serve('::1', socket => socket.end('six'));

  expect((await dial(link, port, '::1').finished()).data().toString()).toBe('six');
  expect((await dial(link, port).finished()).data().toString()).toBe('six');
  expect((await dial(link, port, '127.0.0.1').finished()).reset?.errno).toBe(ECONNREFUSED);
  expect((await dial(link, port, 'localhost').finished()).reset?.errno).toBe(22);
  server.close();
});

test('a refused connection is a RESET with its errno', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const {port, server} = await serve('127.0.0.1', () => undefined);
  server.close();
  await once(server, 'close');

  const stream = await dial(link, port).finished();

  expect(stream.reset).toEqual({errno: ECONNREFUSED, text: 'Connection refused'});
  expect(stream.messages).toEqual([]);
});

test('only TCP can be dialled', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  const stream = link.stream(KIND.dial, Buffer.concat([u8(17), u16(53), bytes('')]));

  expect((await stream.finished()).reset?.errno).toBe(93);
});

test('a reset passes both ways', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const errors: string[] = [];
  const {port, server} = await serve('127.0.0.1', socket => {
    socket.on('error', error => errors.push(String((error as NodeJS.ErrnoException).code)));
    socket.on('data', data => data.includes('reset') && socket.resetAndDestroy());
  });

  const fromServer = dial(link, port);
  await fromServer.write(Buffer.from('reset'));
  await fromServer.finished();
  const fromDaemon = dial(link, port);
  await fromDaemon.expect(0x53);
  await fromDaemon.write(Buffer.from('x'));
  await link.ping();
  link.send(0x13, fromDaemon.id, Buffer.alloc(8));

  expect(fromServer.reset?.errno).toBe(104);
  await expect.poll(() => errors).toEqual(['ECONNRESET']);
  server.close();
});

test('a server that does not read stops the sender, not the link', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  let held: Socket | undefined;
  const {port, server} = await serve('127.0.0.1', socket => {
    held = socket;
    socket.pause();
  });
  const stuck = dial(link, port);
  await stuck.expect(0x53);
  const writing = stuck.write(Buffer.alloc(30_000_000));

  await sleep(300);
  expect(stuck.credit).toBe(0);
  await link.ping();
  let got = 0;
  held?.on('data', data => (got += data.length));
  held?.resume();
  await writing;
  await expect.poll(() => got).toBe(30_000_000);
  held?.destroy();
  server.close();
});

test('what was sent before both ends closed still reaches a slow reader', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  let got = 0;
  let ended = false;
  const {port, server} = await serve('127.0.0.1', socket => {
    socket.end();
    socket.pause();
    setTimeout(() => socket.resume(), 300);
    socket.on('data', data => (got += data.length));
    socket.on('end', () => (ended = true));
  });

  const stream = dial(link, port);
  await stream.write(Buffer.alloc(200_000));
  stream.end();
  await stream.finished();

  await expect.poll(() => [got, ended]).toEqual([200_000, true]);
  server.close();
});
