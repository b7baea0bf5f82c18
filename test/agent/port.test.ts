import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {connect} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {BINARY, FOLLOW, KEEP, TestAgent, WAIT, dial, execShell, output, shell} from './agent.ts';
import {TestLink} from './link.ts';
import {hash, listen, startWithPort, withKey, withPort} from './port.ts';

const ECONNREFUSED = 111;

test('a session begun over the socket is resumed over the port and back, and no byte is lost or doubled', async () => {
  const {agent, port} = await startWithPort();
  await using _ = agent;
  let overPort = false;
  let changes = 0;
  const link = new TestLink(() => {
    overPort = !overPort;
    return overPort ? connect(`${agent.directory}/agent.sock`) : withKey(port);
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
  await using agent = await TestAgent.start({args: withPort(port)});
  const link = await agent.link();

  expect(await execShell(link, 'echo fine')).toMatchObject({stdout: 'fine\n'});
  expect((await dial(link, port, '127.0.0.1').finished()).data().toString()).toBe('not the agent');
  expect(agent.stderr).toBe('');
  server.close();
});

test('a port is free again for the next agent at once', async () => {
  const {agent, port} = await startWithPort();
  const link = new TestLink(() => withKey(port));
  await link.open();
  await agent[Symbol.asyncDispose]();

  await using next = await TestAgent.start({args: withPort(port)});
  const again = new TestLink(() => withKey(port));
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

test.each([
  ['the port 0', ['--port', '0', '--key', hash]],
  ['the port 65536', ['--port', '65536', '--key', hash]],
  ['the port -1', ['--port', '-1', '--key', hash]],
  ['the port 80x', ['--port', '80x', '--key', hash]],
  ['an empty port', ['--port', '', '--key', hash]],
  ['a port without a key', ['--port', '61061']],
  ['a key without a port', ['--key', hash]],
  ['a hash that is too short', ['--port', '61061', '--key', hash.slice(2)]],
  ['a hash that is too long', ['--port', '61061', '--key', `${hash}0`]],
  ['a hash that is none', ['--port', '61061', '--key', `${hash.slice(1)}g`]],
  ['an empty hash', ['--port', '61061', '--key', '']],
])('%s is refused as a usage error', (_, args) => {
  const {status} = spawnSync(BINARY, ['init', ...args], {timeout: 5000});

  expect(status).toBe(64);
});
