import {expect, test} from 'vitest';

import {ask} from '../helpers/api-client.ts';
import {requestText, upgradeHeaders} from '../helpers/raw-client.ts';
import {cat, framesOf, split, withContainer} from '../helpers/streams.ts';

const attach = '/containers/c/attach?stream=1&stdin=1&stdout=1&stderr=1';

test('before the start: stdin ends before the process runs, and not a byte is lost either way', async () => {
  const {path, connect} = await withContainer(cat);
  const client = await connect();

  client.send(requestText(`POST /v1.51${attach}`, {headers: upgradeHeaders}));
  client.send('typed early');
  client.half();
  await client.until('\r\n\r\n');
  await ask(path, 'POST /containers/c/start');

  const {head, body} = split(await client.ended());
  expect(head).toBe(
    'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
  );
  expect(framesOf(body)).toEqual(['1:out\n', '2:err\n', '1:typed early']);
});

test.each([
  ['v1.51', upgradeHeaders, 'application/vnd.docker.multiplexed-stream'],
  ['v1.41', upgradeHeaders, 'application/vnd.docker.raw-stream'],
  ['v1.51', {}, 'application/vnd.docker.raw-stream'],
])('the type of the stream in %s with %j is %s', async (version, headers, type) => {
  const {connect} = await withContainer(cat);
  const client = await connect();

  client.send(requestText(`POST /${version}${attach}`, {headers}));

  expect(await client.until('\r\n\r\n')).toContain(`Content-Type: ${type}\r\n`);
});

test('with a terminal the stream is bare', async () => {
  const {path, connect} = await withContainer(cat, {Tty: true});
  const client = await connect();

  client.send(requestText(`POST ${attach}`, {headers: upgradeHeaders}));
  await client.until('raw-stream');
  await ask(path, 'POST /containers/c/start');
  client.half();

  expect(split(await client.ended()).body).toBe('out\nerr\n');
});

test('the detach keys end the stream of a terminal and leave the process alone', async () => {
  const {path, connect, engine} = await withContainer(cat, {Tty: true});
  const client = await connect();

  client.send(requestText(`POST ${attach}&detachKeys=ctrl-x,q`, {headers: upgradeHeaders}));
  await ask(path, 'POST /containers/c/start');
  await client.until('err');
  client.send('ab\x18');
  client.send('qc');

  expect(split(await client.ended()).body).toBe('out\nerr\n');
  const [container] = engine.all.values();
  expect(container?.status).toBe('running');
  expect(container?.stdin.readableEnded).toBe(false);
});

test('without a terminal the same bytes are input like any other', async () => {
  const {path, connect} = await withContainer(cat);
  const client = await connect();

  client.send(requestText(`POST ${attach}`, {headers: upgradeHeaders}));
  await ask(path, 'POST /containers/c/start');
  client.send('a\x10\x11b');
  client.half();

  expect(framesOf(split(await client.ended()).body).at(-1)).toBe('1:a\x10\x11b');
});

test('bad detach keys are refused', async () => {
  const {path} = await withContainer(cat);

  expect((await ask(path, `POST ${attach}&detachKeys=hello`)).status).toBe(400);
});

test.each([
  [false, ['1:out\n', '3:the tunnel to the Pod was lost\n']],
  [true, 'out\nthe tunnel to the Pod was lost\r\n'],
])('a stream that breaks says so at its end (terminal: %j)', async (Tty, expected) => {
  const {path, connect} = await withContainer(
    async ({write, output}) => {
      await write(1, 'out\n');
      await new Promise(resolve => setTimeout(resolve, 20));
      output.destroy(new Error('the tunnel to the Pod was lost'));
      return 0;
    },
    {Tty},
  );
  const client = await connect();

  client.send(requestText(`POST ${attach}`, {headers: upgradeHeaders}));
  await ask(path, 'POST /containers/c/start');

  const {body} = split(await client.ended());
  expect(Tty ? body : framesOf(body)).toEqual(expected);
});

test('a daemon that stops says so on the stream', async () => {
  const {path, connect, close} = await withContainer(cat);
  const client = await connect();
  client.send(requestText(`POST ${attach}`, {headers: upgradeHeaders}));
  await ask(path, 'POST /containers/c/start');
  await client.until('err');

  const closed = close();

  expect(framesOf(split(await client.ended()).body).at(-1)).toBe(
    '3:badidea is stopping; the container is not\n',
  );
  await closed;
});

test('a client that is gone lets go of the output, as soon as there is some', async () => {
  const {path, connect, engine} = await withContainer(async ({write, output}) => {
    while (!output.destroyed) {
      await write(1, 'tick\n');
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    return 0;
  });
  const client = await connect();
  client.send(requestText(`POST ${attach}`, {headers: upgradeHeaders}));
  await ask(path, 'POST /containers/c/start');
  await client.until('tick');
  const [container] = engine.all.values();

  client.socket.destroy();

  await expect.poll(() => container?.output.destroyed).toBe(true);
});
