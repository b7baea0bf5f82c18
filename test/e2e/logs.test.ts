import {expect, test} from 'vitest';

import {onCluster} from './support/suite.ts';

onCluster('docker logs', stage => {
  const docker = (...args: string[]) => stage.badidea.docker(args);

  test('logs give stdout and stderr apart, running and after the end', async () => {
    await docker('run', '--name', 'logs-1', 'busybox', 'sh', '-c', 'echo out; echo err >&2');

    const logs = await docker('logs', 'logs-1');

    expect(logs).toMatchObject({code: 0, stdout: 'out\n', stderr: 'err\n'});
  });

  test('--tail counts lines, -t gives each its time', async () => {
    await docker(
      'run',
      '--name',
      'logs-2',
      'busybox',
      'sh',
      '-c',
      'for i in $(seq 1 2000); do echo line $i; done',
    );

    const tail = await docker('logs', '--tail', '3', 'logs-2');
    const none = await docker('logs', '--tail', '0', 'logs-2');
    const timed = await docker('logs', '-t', '--tail', '1', 'logs-2');
    const all = await docker('logs', 'logs-2');

    expect(tail.stdout).toBe('line 1998\nline 1999\nline 2000\n');
    expect(none.stdout).toBe('');
    expect(timed.stdout).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line 2000\n$/);
    expect(all.stdout.split('\n')).toHaveLength(2001);
  });

  test('--since and --until cut by time', async () => {
    await docker('run', '--name', 'logs-3', 'busybox', 'sh', '-c', 'echo early; sleep 2; echo late');
    const [early = ''] = (await docker('logs', '-t', 'logs-3')).stdout.split(' ');
    const between = new Date(Date.parse(early) + 1000).toISOString();

    expect((await docker('logs', '--since', between, 'logs-3')).stdout).toBe('late\n');
    expect((await docker('logs', '--until', between, 'logs-3')).stdout).toBe('early\n');
  });

  test('-f follows to the end of the container and then ends', async () => {
    await docker(
      'run',
      '-d',
      '--name',
      'logs-4',
      'busybox',
      'sh',
      '-c',
      'for i in 1 2 3; do echo $i; sleep 0.5; done',
    );

    const followed = await docker('logs', '-f', 'logs-4');

    expect(followed).toMatchObject({code: 0, stdout: '1\n2\n3\n'});
  });

  test('kubectl logs shows the same', async () => {
    const {stdout: id} = await docker(
      'run',
      '-d',
      '--name',
      'logs-5',
      'busybox',
      'sh',
      '-c',
      'echo for kubectl; sleep 1000',
    );
    const {run} = await import('./support/run.ts');
    await docker('exec', 'logs-5', 'sleep', '0.5');

    const pod = `bad-${id.trim().slice(0, 20)}`;
    const logs = await run('kubectl', [
      '--kubeconfig',
      stage.cluster.kubeconfigBadidea,
      '-n',
      stage.badidea.namespace,
      'logs',
      pod,
    ]);

    expect(logs.stdout).toBe('for kubectl\n');
  });
});
