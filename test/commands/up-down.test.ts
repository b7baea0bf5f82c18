import {readdir, readFile, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';

import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from 'vitest';

import {startTicks} from '../../src/daemon/pid.ts';
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
const state = () => join(home.directory, '.local/state/badidea/default');

async function daemonPid(): Promise<number> {
  const report = JSON.parse((await home.badidea('status', '--json')).stdout);
  return report.daemon.pid;
}

test('up names cluster, user and namespace, shows each step with its time, and says what to type next', async () => {
  const up = await home.badidea('up', '--namespace', 'dev');

  expect(up.code).toBe(0);
  expect(up.stderr).toMatch(
    /badidea \d+\.\d+\.\d+ -> cluster kind-stub \(https:\/\/127\.0\.0\.1:6443, user someone\) namespace dev/,
  );
  expect(up.stderr).toMatch(/✔ Reach the cluster +\d\.\ds {2}v1\.36\.3/);
  expect(up.stderr).toMatch(
    /✔ Docker context "badidea" +\d\.\ds {2}created \(current context stays "default"\)/,
  );
  expect(up.stdout).toContain('docker --context badidea run');
});

test('up again says that it runs already and starts nothing', async () => {
  await home.badidea('up');
  const first = await daemonPid();

  const again = await home.badidea('up');

  expect(again.code).toBe(0);
  expect(again.stdout).toContain(`already running (pid ${first}`);
  expect(await daemonPid()).toBe(first);
});

test('up with other settings ends with 6 and says what differs', async () => {
  await home.badidea('up', '--namespace', 'one');

  const other = await home.badidea('up', '--namespace', 'two');

  expect(other.code).toBe(6);
  expect(other.stderr).toContain('BAD-201');
  expect(other.stderr).toContain('namespace: runs with one, asked for two');
});

test('naming what runs anyway is no other setting', async () => {
  await home.badidea('up');

  const named = await home.badidea('up', '--kube-context', 'kind-stub', '--namespace', 'from-context');

  expect(named.code).toBe(0);
});

test('of five ups at once, over the sockets of a killed daemon, one starts a daemon and all succeed', async () => {
  await home.badidea('up');
  process.kill(await daemonPid(), 'SIGKILL');

  const ups = await Promise.all(Array.from({length: 5}, () => home.badidea('up')));

  expect(ups.map(({code}) => code)).toEqual([0, 0, 0, 0, 0]);
  expect(ups.filter(({stdout}) => stdout.includes('already running'))).toHaveLength(4);
  const log = (await readFile(join(state(), 'daemon.log'), 'utf8')).trim().split('\n');
  expect(log.filter(line => line.includes('"message":"ready"'))).toHaveLength(2);
}, 30_000);

test('sockets are 0600 and their folders 0700, whatever the umask', async () => {
  const umask = process.umask(0);
  try {
    await home.badidea('up');
  } finally {
    process.umask(umask);
  }

  const modes = await Promise.all(
    [
      runtime(),
      state(),
      join(runtime(), 'docker.sock'),
      join(runtime(), 'ctl.sock'),
      join(state(), 'daemon.log'),
    ].map(async path => ((await stat(path)).mode & 0o777).toString(8)),
  );

  expect(modes).toEqual(['700', '700', '600', '600', '600']);
});

test('down stops the daemon, leaves no socket, and says what keeps running', async () => {
  await home.badidea('up', '--namespace', 'dev');

  const down = await home.badidea('down');

  expect(down.code).toBe(0);
  expect(down.stdout).toContain(
    '2 containers keep running in kind-stub/dev. Remove them: badidea down --remove',
  );
  expect(await readdir(runtime())).toEqual([]);
  expect((await home.badidea('status')).code).toBe(3);
});

test('down of what does not run is fine', async () => {
  const down = await home.badidea('down');

  expect(down.code).toBe(0);
  expect(down.stdout).toContain('badidea was not running');
});

test('down --remove has the daemon remove everything and takes the docker context away', async () => {
  await home.badidea('up');

  const down = await home.badidea('down', '--remove');

  expect(down.code).toBe(0);
  expect(down.stderr).toMatch(/Remove everything of ours .*2 containers/);
  expect((await home.docker('context', 'ls', '--format', '{{.Name}}')).stdout.trim()).toBe('default');
});

test('down --remove without a daemon starts one for it, on the cluster and namespace of the last one', async () => {
  await home.badidea('up', '--kube-context', 'kind-other', '--namespace', 'dev');
  await home.badidea('down');

  const down = await home.badidea('down', '--remove', '--json');

  expect(JSON.parse(down.stdout).removed).toEqual({
    containers: 2,
    leftovers: [],
    cluster: 'kind-other',
    namespace: 'dev',
  });
  expect(await readdir(runtime())).toEqual([]);
});

test('down --remove ends with 10 and names what could not be removed', async () => {
  await home.badidea('up', '--kube-context', 'kind-sticky');

  const down = await home.badidea('down', '--remove');

  expect(down.code).toBe(10);
  expect(down.stderr).toContain('pod/bad-0123: forbidden');
});

test('down --remove where no daemon has ever run ends with 3', async () => {
  const down = await home.badidea('down', '--remove');

  expect(down.code).toBe(3);
  expect(down.stderr).toContain('BAD-213');
});

test('up after a killed daemon starts another one', async () => {
  await home.badidea('up');
  process.kill(await daemonPid(), 'SIGKILL');

  const up = await home.badidea('up');

  expect(up.code).toBe(0);
  expect(up.stdout).not.toContain('already running');
});

test('the settings of config.json are used, and flags win over them', async () => {
  const {mkdir} = await import('node:fs/promises');
  await mkdir(join(home.directory, '.config/badidea'), {recursive: true});
  await writeFile(
    join(home.directory, '.config/badidea/config.json'),
    JSON.stringify({namespace: 'from-file', kubeContext: 'kind-file', warm: {count: 3}}),
  );

  const up = await home.badidea('up', '--namespace', 'from-flag');
  const record = JSON.parse(await readFile(join(state(), 'daemon.json'), 'utf8'));

  expect(up.code).toBe(0);
  expect(record.target).toMatchObject({namespace: 'from-flag', contextName: 'kind-file'});
  expect(record.settings.warm).toEqual({count: 3, idleSeconds: 300, images: []});
});

test('a daemon that cannot close is down after ten seconds all the same', async () => {
  await home.badidea('up', '--kube-context', 'kind-deaf');

  const down = await home.badidea('down');

  expect(down.code).toBe(0);
  expect(await readdir(runtime())).toEqual(['docker.sock']);
}, 40_000);

test.runIf(process.platform === 'linux')(
  'a daemon that does not answer at all is ended by signal',
  async () => {
    await home.badidea('up');
    const pid = await daemonPid();
    process.kill(pid, 'SIGSTOP');

    const down = await home.badidea('down');

    expect(down.code).toBe(0);
    expect(await startTicks(pid)).toBeUndefined();
  },
  60_000,
);
