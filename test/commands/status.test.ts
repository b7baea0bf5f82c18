import {execFile} from 'node:child_process';
import {readFile, readlink} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';

import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from 'vitest';

import {type Home, type Installed, installBadidea} from './installed-badidea.ts';

const run = promisify(execFile);
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

test('status of what does not run ends with 3 and says how to start it', async () => {
  const status = await home.badidea('status');

  expect(status.code).toBe(3);
  expect(status.stdout).toContain('badidea up');
});

test('status --json has everything that the issue names', async () => {
  await home.badidea('up', '--use');

  const status = await home.badidea('status', '--json');

  expect(status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({
    schema: 1,
    state: 'running',
    profile: 'default',
    daemon: {
      pid: expect.any(Number),
      version: expect.any(String),
      socket: expect.stringContaining('docker.sock'),
    },
    context: {name: 'badidea', current: true},
    cluster: {contextName: 'kind-stub', namespace: 'from-context', version: 'v1.36.3', reachable: true},
    containers: {running: 2, exited: 1},
    forwards: [{container: 'web', local: '127.0.0.1:8080', target: '80/tcp', state: 'up'}],
    links: {connected: 2, broken: 0},
    problems: [],
  });
});

test('a port that does not get through is degraded: 3, and what a container calls itself cannot reach the terminal', async () => {
  await home.badidea('up', '--kube-context', 'kind-retrying');

  const status = await home.badidea('status');

  expect(status.code).toBe(3);
  expect(status.stdout).toContain('BAD-210');
  expect(status.stdout).toContain('web\\x1b[31m');
  expect(status.stdout).not.toContain('\u001b');
});

test('a cluster out of reach is 4', async () => {
  await home.badidea('up', '--kube-context', 'kind-lost');

  const status = await home.badidea('status');

  expect(status.code).toBe(4);
  expect(status.stdout).toContain('BAD-401');
});

test('a reader that goes away is no error', async () => {
  const {stderr} = await run(
    'sh',
    ['-c', `"${process.execPath}" "${installed.directory}/bin/badidea.js" --help | true`],
    {
      env: home.env,
    },
  );

  expect(stderr).toBe('');
});

test('env prints the line for a shell, also when nothing runs', async () => {
  const {stdout, code} = await home.badidea('env');

  expect(code).toBe(0);
  expect(stdout).toBe(
    `export DOCKER_HOST='unix://${join(home.directory, 'run/badidea/default/docker.sock')}'\n`,
  );
});

test('an older Node is refused in one line', async () => {
  const old = `data:text/javascript,Object.defineProperty(process.versions, 'node', {value: '22.1.0'})`;
  const failed: {code: number; stderr: string} = await run(
    process.execPath,
    ['--import', old, join(installed.directory, 'bin/badidea.js'), 'status'],
    {env: home.env},
  ).then(
    () => ({code: 0, stderr: ''}),
    error => error,
  );

  expect(failed.code).toBe(9);
  expect(failed.stderr.trim().split('\n')).toHaveLength(1);
  expect(failed.stderr).toContain('Node 24');
});

test.runIf(process.platform === 'linux')(
  'the daemon has a session of its own, / as its folder, and no docker variable or token',
  async () => {
    Object.assign(home.env, {
      DOCKER_CONFIG: join(home.directory, '.docker'),
      GITHUB_TOKEN: 'hush',
      HTTPS_PROXY: 'http://p:1',
    });
    await home.badidea('up');
    const {pid} = JSON.parse((await home.badidea('status', '--json')).stdout).daemon;

    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];

    expect(await readlink(`/proc/${pid}/cwd`)).toBe('/');
    expect(fields[3]).toBe(String(pid));
    expect(environment).toContain('HTTPS_PROXY=');
    expect(environment).not.toMatch(/DOCKER_|GITHUB_TOKEN/);
  },
);
