import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {chown, copyFile, mkdtemp, rm} from 'node:fs/promises';
import {type AddressInfo, type Server, type Socket, connect, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {BINARY, FOLLOW, KEEP, TestAgent, WAIT, dial, execShell, output, shell} from './agent.ts';
import {TYPE, bytes, frame, u64, u8} from './bytes.ts';
import {TestLink} from './link.ts';

const ECONNREFUSED = 111;
const root = process.getuid?.() === 0;
const hello = frame(TYPE.hello, 0, Buffer.concat([u8(1), bytes(Buffer.alloc(16, 7)), u64(0)]));

async function listen(): Promise<{port: number; server: Server}> {
  const server = createServer(socket => socket.end('not the agent')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {port: (server.address() as AddressInfo).port, server};
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const {port, server} = await listen();
  server.close();
  await once(server, 'close');
  return port;
}

async function opens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const opened = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return opened;
}

async function startWithPort(): Promise<{agent: TestAgent; port: number}> {
  const port = await freePort();
  return {agent: await TestAgent.start({args: ['--port', String(port)]}), port};
}

/** What a client of another user reads after it has said HELLO. */
function greetAs(uid: number, port: number, host = '127.0.0.1'): {bytes: string; ended: string} {
  const client = `
    const socket = require('node:net').connect(${port}, '${host}', () => socket.write(Buffer.from('${hello.toString('hex')}', 'hex')));
    let got = '';
    const over = ended => { process.stdout.write(JSON.stringify({bytes: got, ended})); process.exit(); };
    socket.on('data', data => { got += data.toString('hex'); over('greeted'); });
    socket.on('error', () => over('closed')).on('close', () => over('closed'));`;
  const {stdout, stderr} = spawnSync(process.execPath, ['-e', client], {
    encoding: 'utf8',
    timeout: 5000,
    uid,
    gid: uid,
  });
  if (stdout === '') throw new Error(`the client said nothing: ${stderr}`);
  return JSON.parse(stdout) as {bytes: string; ended: string};
}

test('the port greets root and the agent’s own user as the socket does', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const link = new TestLink(() => connect(port, '127.0.0.1'));

  expect(await link.open()).toMatchObject({resumed: false, received: 0n});
  expect(await execShell(link, 'echo over tcp; exit 3')).toEqual({
    code: 3,
    stdout: 'over tcp\n',
    stderr: '',
  });
});

test('a client with an IPv6 socket is found as well', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;

  expect(await new TestLink(() => connect(port, '::ffff:127.0.0.1')).open()).toMatchObject({resumed: false});
});

// Only root can become another user, and CI is root; elsewhere these are shown as skipped.
test.skipIf(!root).each(['127.0.0.1', '::ffff:127.0.0.1'])(
  'a process of another user that connects to %s is closed without a byte, and the session stays',
  async host => {
    const {agent, port} = await startWithPort();
    await using _ = agent;
    const link = await agent.link();

    expect(greetAs(65_534, port, host)).toEqual({bytes: '', ended: 'closed'});
    await link.ping();
    expect(link.closed).toBe(false);
    expect(greetAs(0, port, host)).toMatchObject({ended: 'greeted'});
    await link.until(() => link.closed);
    expect(agent.stderr).toBe('');
  },
);

test.skipIf(!root)('refused connections without end hold up neither the socket nor root', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const link = await agent.link();
  const flood = `const again = () => require('node:net').connect(${port}, '127.0.0.1').on('error', () => {}).on('close', again);
    for (let i = 0; i < 4; i++) again();`;
  const hostile = spawn(process.execPath, ['-e', flood], {uid: 65_534, gid: 65_534});
  await sleep(200);

  const begun = Date.now();
  for (let i = 0; i < 20; i++) await link.ping();
  expect(Date.now() - begun).toBeLessThan(1000);
  expect(greetAs(0, port)).toMatchObject({ended: 'greeted'});

  hostile.kill();
  await once(hostile, 'exit');
});

test.skipIf(!root)('an agent that is not root lets its own user in and no third', async () => {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'badidea-agent-'));
  // A copy, because the checkout may be closed to others.
  await copyFile(BINARY, join(directory, 'agent'));
  for (const path of [directory, join(directory, 'agent')]) await chown(path, 65_534, 65_534);
  const init = spawn(
    join(directory, 'agent'),
    ['init', '--run', join(directory, 'run'), '--port', String(port)],
    {uid: 65_534, gid: 65_534},
  );
  while (!(await opens(port))) await sleep(5);

  expect(greetAs(65_534, port)).toMatchObject({ended: 'greeted'});
  expect(greetAs(0, port)).toMatchObject({ended: 'greeted'});
  expect(greetAs(65_533, port)).toEqual({bytes: '', ended: 'closed'});
  init.kill();
  await once(init, 'exit');
  await rm(directory, {recursive: true});
});

test('among thousands of other connections the client’s is found', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const held: Socket[] = [];
  const server = createServer(socket => held.push(socket.on('error', () => undefined))).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const busy = (server.address() as AddressInfo).port;
  const others = Array.from({length: 2000}, () => connect(busy, '127.0.0.1').on('error', () => undefined));
  await Promise.all(others.map(socket => once(socket, 'connect')));

  for (let i = 0; i < 20; i++)
    expect(await new TestLink(() => connect(port, '127.0.0.1')).open()).toMatchObject({resumed: false});

  for (const socket of [...others, ...held]) socket.destroy();
  server.close();
});

test('a session begun over the socket is resumed over the port and back, and no byte is lost or doubled', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  let overPort = false;
  let changes = 0;
  const link = new TestLink(() => {
    overPort = !overPort;
    return overPort ? connect(`${agent.directory}/agent.sock`) : connect(port, '127.0.0.1');
  });
  await link.open();
  const records = output(link, {flags: FOLLOW | WAIT | KEEP});

  await shell(
    link,
    'i=0; while [ $i -lt 20 ]; do seq $((i * 5000 + 1)) $((i * 5000 + 5000)); i=$((i + 1)); sleep 0.02; done',
  );
  for (; !records.ended && changes < 60; changes++) {
    await sleep(Math.random() * 8);
    // The newest connection wins over the older of either kind: no cut from this side.
    expect((await link.open()).resumed).toBe(true);
  }
  await records.finished();

  const lines = records.output().trimEnd().split('\n');
  expect(changes).toBeGreaterThan(5);
  expect(lines.length).toBe(100_000);
  expect(lines.findIndex((line, i) => line !== String(i + 1))).toBe(-1);
});

test('a port that is taken leaves the agent with its socket, and says nothing', async () => {
  const {port, server} = await listen();
  await using agent = await TestAgent.start({args: ['--port', String(port)]});
  const link = await agent.link();

  expect(await execShell(link, 'echo fine')).toMatchObject({stdout: 'fine\n'});
  expect((await dial(link, port, '127.0.0.1').finished()).data().toString()).toBe('not the agent');
  expect(agent.stderr).toBe('');
  server.close();
});

test('a port is free again for the next agent at once', async () => {
  const {agent, port} = await startWithPort();
  const link = new TestLink(() => connect(port, '127.0.0.1'));
  await link.open();
  await agent[Symbol.asyncDispose]();

  await using next = await TestAgent.start({args: ['--port', String(port)]});
  const again = new TestLink(() => connect(port, '127.0.0.1'));
  expect(await again.open()).toMatchObject({resumed: false});
  expect(next.process.exitCode).toBe(null);
});

test('the agent cannot be dialled through itself, however its address is written', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const link = await agent.link();

  for (const host of ['', '127.0.0.1', '0.0.0.0', '::ffff:127.0.0.1', '::ffff:0.0.0.0'])
    expect((await dial(link, port, host).finished()).reset).toEqual({
      errno: ECONNREFUSED,
      text: 'Connection refused',
    });
  expect(link.closed).toBe(false);
});

test('only this machine’s loopback address is listened on', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = ['tcp', 'tcp6']
    .flatMap(name => readFileSync(`/proc/self/net/${name}`, 'utf8').split('\n'))
    .filter(line => line.includes(`:${hex} `) && line.includes(' 0A '));

  expect(listening.map(line => line.trim().split(/\s+/)[1])).toEqual([`0100007F:${hex}`]);
});

test.each(['0', '65536', '-1', '80x', ''])('the port %j is refused as a usage error', port => {
  const {status} = spawnSync(BINARY, ['init', '--port', port]);

  expect(status).toBe(64);
});
