import {expect, test} from 'vitest';

import {onCluster} from './support/suite.ts';

onCluster('everyday', stage => {
  const docker = (...args: string[]) => stage.badidea.docker(args);

  test('ps tells what runs, ps -a what ran, inspect both', async () => {
    await docker('run', '-d', '--name', 'up', '-l', 'kind=long', 'busybox', 'sleep', '1000');
    await docker('run', '--name', 'over', 'busybox', 'sh', '-c', 'exit 3');

    const running = await docker('ps', '--format', '{{.Names}} {{.Status}} {{.Command}}');
    const all = await docker('ps', '-a', '--format', '{{.Names}} {{.State}}');
    const labelled = await docker('ps', '-q', '--no-trunc', '--filter', 'label=kind=long');
    const inspected = await docker('inspect', '-f', '{{.Id}} {{.State.ExitCode}} {{.Config.Image}}', 'over');
    const pod = await docker('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'up');

    expect(running.stdout).toMatch(/^up Up (Less than a second|\d+ seconds?) "sleep 1000"\n$/);
    expect(all.stdout).toBe('over exited\nup running\n');
    expect(labelled.stdout).toMatch(/^[0-9a-f]{64}\n$/);
    expect(inspected.stdout).toMatch(/^[0-9a-f]{64} 3 busybox\n$/);
    expect(pod.stdout).toMatch(/^\d+\.\d+\.\d+\.\d+\n$/);
  });

  test('wait gives the exit code, of a container that runs and of one that ran', async () => {
    await docker('run', '-d', '--name', 'waited', 'busybox', 'sh', '-c', 'sleep 1; exit 8');

    expect((await docker('wait', 'waited')).stdout).toBe('8\n');
    expect((await docker('wait', 'waited')).stdout).toBe('8\n');
  });

  test('start -a runs a created container with its output, and its exit code is docker’s', async () => {
    await docker('create', '--name', 'later', 'busybox', 'sh', '-c', 'echo now; exit 6');

    const outcome = await docker('start', '-a', 'later');

    expect(outcome).toMatchObject({code: 6, stdout: 'now\n'});
  });

  test('kill ends a container at once, and what does not run cannot be killed', async () => {
    const {stdout: id} = await docker(
      'run',
      '-d',
      '--name',
      'killed',
      'busybox',
      'sh',
      '-c',
      'trap "" TERM; sleep 1000',
    );
    await docker('kill', 'killed');
    const again = await docker('kill', 'killed');

    expect((await docker('inspect', '-f', '{{.State.ExitCode}}', 'killed')).stdout).toBe('137\n');
    expect(again.stderr).toContain(`cannot kill container: killed: container ${id.trim()} is not running`);
  });

  test('events tell the life of a container in order', async () => {
    const since = String(Date.now() / 1000 - 1);
    await docker('run', '--rm', '--name', 'told', 'busybox', 'sh', '-c', 'exit 2');
    const events = await docker(
      'events',
      '--since',
      since,
      '--until',
      String(Date.now() / 1000),
      '--filter',
      'container=told',
      '--format',
      '{{.Action}}',
    );

    expect(events.stdout.trim().split('\n')).toEqual(['create', 'attach', 'start', 'die', 'destroy']);
  });

  test('networks and images list as in a fresh Docker', async () => {
    expect(
      (await docker('network', 'ls', '--format', '{{.Name}} {{.Driver}}')).stdout
        .trim()
        .split('\n')
        .toSorted(),
    ).toEqual(['bridge bridge', 'host host', 'none null']);
    expect((await docker('images', '--format', '{{.Repository}}:{{.Tag}}')).stdout).toContain(
      'busybox:latest',
    );
    expect((await docker('network', 'inspect', 'bridge', '-f', '{{.Name}}')).stdout).toBe('bridge\n');
    expect((await docker('info', '-f', '{{.OSType}} {{.Swarm.LocalNodeState}}')).stdout).toBe(
      'linux inactive\n',
    );
  });

  test('an image that is nowhere is a 404 in Docker’s words, and run exits 125', async () => {
    const pulled = await docker('pull', 'no-such-image-here');
    const run = await docker('run', '--rm', 'no-such-image-here', 'true');

    expect(pulled.code).toBe(1);
    expect(pulled.stderr).toMatch(/no-such-image-here/);
    expect(run.code).toBe(125);
  });

  test('prune takes what does not run and leaves what does', async () => {
    await docker('create', '--name', 'unused', 'busybox', 'true');
    await docker('run', '-d', '--name', 'used', 'busybox', 'sleep', '1000');

    await docker('container', 'prune', '-f');

    const names = (await docker('ps', '-a', '--format', '{{.Names}}')).stdout.trim().split('\n');
    expect(names).toContain('used');
    expect(names).not.toContain('unused');
  });

  test('an environment of 300 KB reaches the process', async () => {
    const value = 'x'.repeat(100_000);
    const outcome = await docker(
      'run',
      '--rm',
      '-e',
      `A=${value}`,
      '-e',
      `B=${value}`,
      '-e',
      `C=${value}`,
      'busybox',
      'sh',
      '-c',
      'echo ${#A} ${#B} ${#C}',
    );

    expect(outcome.stdout).toBe('100000 100000 100000\n');
  });
});
