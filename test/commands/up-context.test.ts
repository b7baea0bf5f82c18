import {createServer} from 'node:net';
import {join} from 'node:path';

import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from 'vitest';

import {type Home, type Installed, installBadidea} from './installed-badidea.ts';

let installed: Installed;
let home: Home;

beforeAll(async () => {
  installed = await installBadidea();
});
beforeEach(async () => {
  home = await installed.newHome();
});
afterEach(() => home.remove());
afterAll(() => installed.remove());

const runtime = () => join(home.directory, 'run/badidea/default');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

test('the docker CLI reaches the daemon by the context that up made', async () => {
  await home.badidea('up');

  const shown = await home.docker('context', 'inspect', 'badidea', '--format', '{{.Endpoints.docker.Host}}');
  const version = await home.docker('--context', 'badidea', 'version', '--format', '{{.Server.Version}}');

  expect(shown.stdout.trim()).toBe(`unix://${join(runtime(), 'docker.sock')}`);
  expect(version.stdout.trim()).toBe('stub');
});

test('with --tcp the docker CLI comes in by mutual TLS, nobody else does, and status counts the days', async () => {
  const port = await freePort();
  await home.badidea('up', '--tcp', `127.0.0.1:${port}`);

  const version = await home.docker('--context', 'badidea', 'version', '--format', '{{.Server.Version}}');
  const stranger = await home.docker(
    '-H',
    `tcp://127.0.0.1:${port}`,
    '--tls',
    'version',
    '--format',
    '{{.Server.Version}}',
  );
  const report = JSON.parse((await home.badidea('status', '--json')).stdout);

  expect(version.stdout.trim()).toBe('stub');
  expect(stranger.stdout.trim()).not.toBe('stub');
  expect(report).toMatchObject({daemon: {tcp: `127.0.0.1:${port}`}, certificates: {days: 89}, problems: []});
});

test('up --tcp on a port in use ends with 6 and names it', async () => {
  const port = await freePort();
  const taken = createServer().listen(port, '127.0.0.1');

  const up = await home.badidea('up', '--tcp', `127.0.0.1:${port}`);
  taken.close();

  expect(up.code).toBe(6);
  expect(up.stderr).toContain(`The address 127.0.0.1:${port} is in use. (BAD-204)`);
});

test('up --use makes our context the current one and down gives the previous one back', async () => {
  await home.docker('context', 'create', 'colima', '--docker', 'host=unix:///colima.sock');
  await home.docker('context', 'use', 'colima');

  await home.badidea('up', '--use');
  const during = await home.docker('context', 'show');
  const down = await home.badidea('down');
  const after = await home.docker('context', 'show');

  expect([during.stdout.trim(), after.stdout.trim()]).toEqual(['badidea', 'colima']);
  expect(down.stdout).toContain('Docker context set back to "colima"');
});

test('up warns when DOCKER_HOST or DOCKER_CONTEXT would win over the context', async () => {
  Object.assign(home.env, {DOCKER_HOST: 'unix:///var/run/docker.sock', DOCKER_CONTEXT: 'other'});

  const up = await home.badidea('up');

  expect(up.code).toBe(0);
  expect(up.stderr).toMatch(/DOCKER_HOST is set.*BAD-206/);
  expect(up.stderr).toMatch(/DOCKER_CONTEXT is set.*BAD-206/);
});

test('profiles have daemons and docker contexts of their own', async () => {
  await home.badidea('up');
  await home.badidea('up', '--profile', 'two');

  const contexts = (await home.docker('context', 'ls', '--format', '{{.Name}}')).stdout.trim().split('\n');
  const down = await home.badidea('down', '--profile', 'two');

  expect(contexts).toEqual(['badidea', 'badidea-two', 'default']);
  expect(down.code).toBe(0);
  expect((await home.badidea('status')).code).toBe(0);
});
