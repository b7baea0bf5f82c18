import {chmod, mkdir, readFile, symlink, writeFile} from 'node:fs/promises';
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

test.each([
  ['kind-unreachable', 4, 'BAD-103', 'Nothing listens at 127.0.0.1:6443.'],
  ['kind-expired', 4, 'BAD-104', 'Sign in again.'],
  ['kind-old', 4, 'BAD-106', 'v1.24.3'],
  ['kind-poor', 5, 'BAD-501', 'get pods/exec'],
  ['kind-bug', 1, 'BAD-001', 'x is not a function'],
  ['kind-crash', 1, 'BAD-211', 'signal SIGABRT'],
  ['prod', 2, 'BAD-004', 'badidea up -y'],
])(
  'the daemon on %s fails its start: up ends with %i and says %s, what and why',
  async (context, code, id, words) => {
    const up = await home.badidea('up', '--kube-context', context);

    expect(up.code).toBe(code);
    expect(up.stderr).toContain(id);
    expect(up.stderr).toContain(words);
    expect(up.stderr).toMatch(/ {2}why: /);
    expect(up.stderr).toMatch(/ {2}fix: /);
    expect((await home.badidea('status')).code).toBe(3);
  },
);

test('a bug shows its stack in the log and not on the terminal', async () => {
  const up = await home.badidea('up', '--kube-context', 'kind-bug');

  const log = await readFile(join(home.directory, '.local/state/badidea/default/daemon.log'), 'utf8');
  expect(log).toContain('TypeError: x is not a function\\n    at ');
  expect(up.stderr).not.toContain('    at ');
});

test('with --json an error is one object on stdout', async () => {
  const up = await home.badidea('up', '--kube-context', 'kind-poor', '--json');

  expect(up.stderr).toBe('');
  expect(JSON.parse(up.stdout).error).toMatchObject({code: 'BAD-501', exitCode: 5});
});

test('a cluster that does not look local is used with -y', async () => {
  const up = await home.badidea('up', '--kube-context', 'prod', '-y');

  expect(up.code).toBe(0);
});

test('on a terminal up asks, and "n" changes nothing', async () => {
  const asked = await home.onTerminal('n\n', 'up', '--kube-context', 'prod');

  expect(asked.code).toBe(2);
  expect(asked.stdout).toContain('Use this cluster? [y/N]');
  expect(asked.stdout).toContain('BAD-003');
  expect((await home.badidea('status')).code).toBe(3);
});

test('on a terminal up goes on after "y" and shows its steps as they run', async () => {
  const asked = await home.onTerminal('y\n', 'up', '--kube-context', 'prod');

  expect(asked.code).toBe(0);
  expect(asked.stdout).toMatch(/✔ Check permissions .*all allowed/);
});

test('ctrl-C while the daemon starts ends with 130 and leaves no daemon', async () => {
  const up = home.spawn('up', '--kube-context', 'kind-slow');
  const {promise, resolve} = Promise.withResolvers<number | null>();
  up.once('close', resolve);
  up.stderr?.on('data', (chunk: Buffer) => {
    if (chunk.toString().includes('-> cluster')) up.kill('SIGINT');
  });

  expect(await promise).toBe(130);
  await expect.poll(async () => (await home.badidea('status')).code, {timeout: 8000}).toBe(3);
}, 20_000);

test('a docker context of that name that is not ours is left alone, and nothing is started', async () => {
  await home.docker('context', 'create', 'badidea', '--docker', 'host=unix:///elsewhere.sock');

  const up = await home.badidea('up');

  expect(up.code).toBe(6);
  expect(up.stderr).toContain('BAD-205');
  expect((await home.badidea('status')).code).toBe(3);
});

test.each(['../../x', 'a/b', '.', 'x'.repeat(300), 'ü', ''])('%j is no name for a profile', async profile => {
  const up = await home.badidea('up', '--profile', profile);

  expect(up.code).toBe(2);
  expect(up.stderr).toContain('BAD-002');
});

test.each(['0.0.0.0:2375', '192.168.1.5:2376', '[::]:2376'])('--tcp %s is refused with 7', async address => {
  const up = await home.badidea('up', '--tcp', address);

  expect(up.code).toBe(7);
  expect(up.stderr).toContain('BAD-309');
});

test('a socket path that is too long for the system is told before anything is tried', async () => {
  const deep = join(home.directory, 'd'.repeat(100));
  await mkdir(deep, {mode: 0o700});
  home.env['XDG_RUNTIME_DIR'] = deep;

  const up = await home.badidea('up');

  expect(up.code).toBe(9);
  expect(up.stderr).toContain('BAD-203');
});

test('a runtime folder that someone made a link is refused, and what it leads to is not touched', async () => {
  const elsewhere = join(home.directory, 'elsewhere');
  await mkdir(elsewhere);
  await chmod(elsewhere, 0o755);
  await symlink(elsewhere, join(home.directory, 'run/badidea'));

  const up = await home.badidea('up');

  expect(up.code).toBe(9);
  expect(up.stderr).toContain('BAD-610');
});

test('settings that are not valid are named with their place', async () => {
  await mkdir(join(home.directory, '.config/badidea'), {recursive: true});
  await writeFile(
    join(home.directory, '.config/badidea/config.json'),
    '{"warm": {"count": -1}, "unknown": true}',
  );

  const up = await home.badidea('up');

  expect(up.code).toBe(9);
  expect(up.stderr).toContain('BAD-613');
  expect(up.stderr).toMatch(/warm\/count/);
});

test('an unknown flag and a missing value end with 2', async () => {
  expect((await home.badidea('up', '--bogus')).code).toBe(2);
  expect((await home.badidea('up', '--namespace')).code).toBe(2);
  expect((await home.badidea('bogus')).code).toBe(2);
});
