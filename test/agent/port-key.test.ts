import {spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {chown, copyFile, mkdtemp, rm} from 'node:fs/promises';
import {type Socket, connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, onTestFinished, test} from 'vitest';

import {BINARY, execShell} from './agent.ts';
import {TYPE, u8} from './bytes.ts';
import {TestLink} from './link.ts';
import {
  answer,
  freePort,
  hash,
  hello,
  key,
  linked,
  nothing,
  say,
  startWithPort,
  withKey,
  withPort,
} from './port.ts';

const root = process.getuid?.() === 0;

test('who sends the key is greeted as over the socket', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const link = new TestLink(() => withKey(port));

  expect(await link.open()).toMatchObject({resumed: false, received: 0n});
  expect(await execShell(link, 'echo over tcp; exit 3')).toEqual({
    code: 3,
    stdout: 'over tcp\n',
    stderr: '',
  });
});

test('key and greeting arrive in whatever pieces', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const greeting = Buffer.concat([key, hello]);

  for (const cut of [1, 31, 32, 33, greeting.length]) {
    const socket = say(port, greeting.subarray(0, cut)).setNoDelay();
    await sleep(20);
    socket.write(greeting.subarray(cut));

    expect((await answer(socket))[0]).toBe(TYPE.welcome);
    socket.destroy();
  }
});

test.each([
  ['the greeting without a key', hello],
  ['a wrong key', Buffer.concat([randomBytes(32), hello])],
  [
    'a key that is wrong in its last bit',
    Buffer.concat([key.subarray(0, 31), u8((key[31] ?? 0) ^ 1), hello]),
  ],
  ['the hash for the key', Buffer.concat([Buffer.from(hash, 'hex'), hello])],
  ['the key in hexadecimal', Buffer.concat([Buffer.from(key.toString('hex')), hello])],
])('%s is closed without a byte, and the session stays', async (_, data) => {
  const started = await startWithPort();
  await using agent = started.agent;
  const link = await agent.link();

  expect(await answer(say(started.port, data))).toEqual(nothing);
  await link.ping();
  expect(link.closed).toBe(false);
  expect(agent.stderr).toBe('');
});

test('the key opens a connection once: each needs it', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const link = await linked(port);

  expect(await answer(say(port, hello))).toEqual(nothing);
  await link.ping();
});

test('part of a key, or nothing, is closed without a byte after the greeting time', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const begun = Date.now();

  const answers = await Promise.all([key.subarray(0, 31), nothing].map(part => answer(say(port, part))));

  expect(answers).toEqual([nothing, nothing]);
  expect(Date.now() - begun).toBeGreaterThan(4000);
}, 15_000);

test('connections that send no key keep nobody with a key out, and not the socket', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const silent = Array.from({length: 8}, () => say(port, nothing));
  let closed = 0;
  for (const socket of silent) socket.on('close', () => closed++);
  await expect.poll(() => closed, {timeout: 5000}).toBe(4);

  expect(await new TestLink(() => withKey(port)).open()).toMatchObject({resumed: false});
  // So many places has the socket, and the connection of before has one.
  const held = await Promise.all(Array.from({length: 7}, () => opened(`${agent.directory}/agent.sock`)));
  await sleep(50);
  expect(held.filter(socket => socket.closed)).toEqual([]);
});

async function opened(path: string): Promise<Socket> {
  const socket = connect(path).resume();
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('connections without end hold up neither the session nor the socket', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const link = await agent.link();
  const flood = `const again = () => require('node:net').connect(${port}, '127.0.0.1', function () { this.write('x'.repeat(32)); })
    .on('error', () => {}).on('close', again);
    for (let i = 0; i < 4; i++) again();`;
  const hostile = spawn(process.execPath, ['-e', flood]);
  await sleep(200);

  const begun = Date.now();
  for (let i = 0; i < 20; i++) await link.ping();
  const again = await agent.link();
  for (let i = 0; i < 20; i++) await again.ping();
  expect(Date.now() - begun).toBeLessThan(1000);

  hostile.kill();
  await once(hostile, 'exit');
});

test.skipIf(!root)(
  'an agent that is not root is reached by the key as well, and by nothing else',
  async () => {
    const port = await freePort();
    const directory = await mkdtemp(join(tmpdir(), 'badidea-agent-'));
    // A copy, because the checkout may be closed to others.
    await copyFile(BINARY, join(directory, 'agent'));
    for (const path of [directory, join(directory, 'agent')]) await chown(path, 65_534, 65_534);
    const init = spawn(
      join(directory, 'agent'),
      ['init', '--run', join(directory, 'run'), ...withPort(port)],
      {
        uid: 65_534,
        gid: 65_534,
      },
    );
    await expect.poll(() => linked(port).catch(() => undefined)).toBeInstanceOf(TestLink);

    expect(await answer(say(port, hello))).toEqual(nothing);
    init.kill();
    await once(init, 'exit');
    await rm(directory, {recursive: true});
  },
);
