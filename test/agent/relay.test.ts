import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {expect, test} from 'vitest';

import {BINARY, TestAgent} from './agent.ts';

test('without an agent `connect` tries for about a second, then says why', () => {
  const directory = mkdtempSync(join(tmpdir(), 'badidea-relay-'));
  const begun = Date.now();

  const {status, stderr} = spawnSync(BINARY, ['connect', '--run', directory], {encoding: 'utf8'});

  expect(status).toBe(1);
  expect(stderr).toBe(
    `badidea agent: cannot reach the agent at ${directory}/agent.sock: No such file or directory\n`,
  );
  expect(Date.now() - begun).toBeGreaterThan(900);
  expect(Date.now() - begun).toBeLessThan(3000);
  rmSync(directory, {recursive: true});
});

test('`connect` waits for an agent that starts a little later', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'badidea-relay-'));
  const relay = spawn(BINARY, ['connect', '--run', directory], {stdio: ['pipe', 'pipe', 'inherit']});
  const init = spawn(BINARY, ['init', '--run', directory], {stdio: 'ignore'});

  relay.stdin.write(Buffer.from('01000001000000007f', 'hex'));
  const [code] = await once(relay, 'exit');

  expect(code).toBe(0); // the agent has closed the connection for the bad greeting
  init.kill();
  await once(init, 'exit');
  rmSync(directory, {recursive: true});
});

test('`connect` ends when its stdin ends, and the agent stays', async () => {
  await using agent = await TestAgent.start();
  const relay = spawn(BINARY, ['connect', '--run', agent.directory], {stdio: ['pipe', 'pipe', 'inherit']});

  relay.stdin.end();

  expect((await once(relay, 'exit'))[0]).toBe(0);
  await (await agent.link()).ping();
});

test('the socket and the spool are for the agent’s user only', async () => {
  await using agent = await TestAgent.start();

  const modes = ['agent.sock', 'log'].map(name => statSync(join(agent.directory, name)).mode & 0o077);

  expect(modes).toEqual([0, 0]);
});

test.each([
  [[]],
  [['run']],
  [['init', '--run']],
  [['init', '--segment', '1x']],
  [['init', '--segment', '1']],
])('the command line %j is refused with a line', args => {
  const {status, stderr} = spawnSync(BINARY, args, {encoding: 'utf8'});

  expect(status).toBe(64);
  expect(stderr).toMatch(/^badidea agent: .+\n$/);
});

test('a folder that cannot be used is said at once', () => {
  const {status, stderr} = spawnSync(BINARY, ['init', '--run', '/proc/nowhere'], {encoding: 'utf8'});

  expect(status).toBe(1);
  expect(stderr).toMatch(/^badidea agent: .*\/proc\/nowhere/);
});
