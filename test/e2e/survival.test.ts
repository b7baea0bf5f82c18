import {readFile} from 'node:fs/promises';
import path from 'node:path';

import {expect, test} from 'vitest';

import {restartApiServer} from '../cluster/restart-api-server.ts';
import {run} from './support/run.ts';
import {onCluster} from './support/suite.ts';

onCluster('survival', stage => {
  const docker = (...args: string[]) => stage.badidea.docker(args);

  async function killDaemon(): Promise<void> {
    const record: unknown = JSON.parse(
      await readFile(path.join(stage.badidea.home, 'state', 'badidea', 'default', 'daemon.json'), 'utf8'),
    );
    if (typeof record !== 'object' || record === null || !('pid' in record) || typeof record.pid !== 'number')
      throw new Error('no pid');
    process.kill(record.pid, 'SIGKILL');
  }

  test('kill -9 of the daemon: after the next up, ps, logs, exit codes and ports are as before', async () => {
    await docker(
      'run',
      '-d',
      '--name',
      'web',
      '-p',
      '0:80',
      'busybox',
      'sh',
      '-c',
      'echo started; mkdir /w; echo hello > /w/index.html; exec httpd -f -p 80 -h /w',
    );
    await docker('run', '--name', 'ended', 'busybox', 'sh', '-c', 'echo last words; exit 4');
    await docker('create', '--name', 'made', 'busybox', 'echo', 'later');
    const url = `http://127.0.0.1:${(await docker('port', 'web', '80/tcp')).stdout.trim().split('\n')[0]?.split(':').at(-1)}/`;
    const ps = ['ps', '-a', '--format', '{{.ID}} {{.Names}} {{.Image}} {{.State}} {{.Ports}}'];
    const before = await docker(...ps);

    await killDaemon();
    await stage.badidea.up();

    expect((await docker(...ps)).stdout).toBe(before.stdout);
    expect((await docker('logs', 'web')).stdout).toBe('started\n');
    expect((await docker('logs', 'ended')).stdout).toBe('last words\n');
    expect((await docker('inspect', '-f', '{{.State.ExitCode}}', 'ended')).stdout).toBe('4\n');
    expect(await (await fetch(url)).text()).toBe('hello\n');
    expect((await docker('start', '-a', 'made')).stdout).toBe('later\n');
  });

  test('a container that ends while no daemon runs has its exit code afterwards', async () => {
    await docker('run', '-d', '--name', 'alone', 'busybox', 'sh', '-c', 'sleep 2; exit 6');
    await killDaemon();
    await new Promise(resolve => setTimeout(resolve, 3000));
    await stage.badidea.up();

    expect((await docker('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'alone')).stdout).toBe(
      'exited 6\n',
    );
  });

  test('the API server is killed and comes back while a run prints 10^5 numbered lines: none missing, none doubled', async () => {
    const script =
      'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); echo $i; [ $((i % 1000)) = 0 ] && sleep 0.08; done; exit 0';
    const running = stage.badidea.docker(['run', '--rm', 'busybox', 'sh', '-c', script], {timeout: 110_000});
    await new Promise(resolve => setTimeout(resolve, 2500));
    await restartApiServer({downForMs: 2000});
    const outcome = await running;

    const lines = outcome.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(100_000);
    expect(lines.findIndex((line, index) => line !== String(index + 1))).toBe(-1);
    expect(outcome).toMatchObject({code: 0, stderr: ''});
  });

  test('a daemon killed at any moment of create, start and rm leaves no Pod without a record', async () => {
    for (let delay = 0; delay < 1000; delay += 90) {
      const running = docker('run', '--rm', 'busybox', 'true').catch(() => {});
      await new Promise(resolve => setTimeout(resolve, delay));
      await killDaemon();
      await running;
      await stage.badidea.up();
    }

    const names = (kind: string) =>
      run('kubectl', [
        '--kubeconfig',
        stage.cluster.kubeconfigAdmin,
        '-n',
        stage.badidea.namespace,
        'get',
        kind,
        '-o',
        'name',
        '-l',
        'badidea.dev/id',
      ]);
    const bare = (name: string) => name.replace(/^.*\//, '');
    await stage.badidea.badidea(['down']);
    const pods = (await names('pods')).stdout.trim().split('\n').map(bare);
    const records = new Set((await names('secrets')).stdout.trim().split('\n').map(bare));
    await stage.badidea.up();

    expect(pods.filter(pod => pod !== '' && !records.has(pod))).toEqual([]);
  }, 300_000);

  test('down leaves the containers running, and down --remove leaves nothing of ours', async () => {
    await docker('run', '-d', '--name', 'stays', 'busybox', 'sleep', '1000');
    const left = await stage.badidea.badidea(['down']);
    const ours = () =>
      run('kubectl', [
        ...['--kubeconfig', stage.cluster.kubeconfigAdmin, '-n', stage.badidea.namespace],
        ...['get', 'pods,secrets,configmaps', '-o', 'name', '-l', 'app.kubernetes.io/managed-by=badidea'],
      ]);
    const between = await ours();
    const removed = await stage.badidea.badidea(['down', '--remove']);
    const after = await ours();

    expect(left.stdout + left.stderr).toMatch(/keeps? running/);
    expect(between.stdout).toContain('pod/bad-');
    expect(removed.code).toBe(0);
    expect(after.stdout).toBe('');
  });
});
