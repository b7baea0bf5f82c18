import {expect, test} from 'vitest';

import {onCluster} from './support/suite.ts';

onCluster(
  'docker run',
  stage => {
    const docker = (...args: string[]) => stage.badidea.docker(args);
    const sh = (script: string, ...options: string[]) =>
      docker('run', '--rm', ...options, 'busybox', 'sh', '-c', script);

    test('a run prints its output, 200 times of 200', async () => {
      const outputs: string[] = [];
      for (let round = 0; round < 50; round++) {
        const four = await Promise.all(
          [1, 2, 3, 4].map(() => docker('run', '--rm', 'busybox', 'echo', 'hi')),
        );
        outputs.push(...four.map(({code, stderr, stdout}) => `${code} ${stdout}${stderr}`));
      }

      expect(outputs.filter(output => output !== '0 hi\n')).toEqual([]);
      expect(outputs).toHaveLength(200);
    }, 300_000);

    test('stdout and stderr stay apart', async () => {
      const outcome = await sh('echo out; echo err >&2; echo out2');

      expect(outcome).toMatchObject({code: 0, stdout: 'out\nout2\n', stderr: 'err\n'});
    });

    test.each([
      ['0', 'exit 0', 0],
      ['3', 'exit 3', 3],
      ['137 of a process that kills itself', 'kill -9 $$', 137],
    ])('the exit code is the process’s: %s', async (_, script, code) => {
      expect((await sh(script)).code).toBe(code);
    });

    test('a program that is not there is 127, one that cannot be run 126, a wrong option 125', async () => {
      const missing = await docker('run', '--rm', 'busybox', 'no-such-program');
      const notExecutable = await docker('run', '--rm', 'busybox', '/etc/passwd');
      const refused = await docker('run', '--rm', '--privileged', 'busybox', 'true');

      expect(missing.stderr).toContain('exec: "no-such-program": executable file not found in $PATH');
      expect([missing.code, notExecutable.code, refused.code]).toEqual([127, 126, 125]);
      expect(refused.stderr).toContain('--privileged');
    });

    test('a container that could not start with --rm is gone', async () => {
      await docker('run', '--rm', '--name', 'never', 'busybox', 'no-such-program');

      expect((await docker('ps', '-aq', '--filter', 'name=never')).stdout).toBe('');
    });

    test('-e -w -u -l -h --entrypoint do what they do in Docker', async () => {
      const outcome = await docker(
        ...[
          'run',
          '--rm',
          '-e',
          'A=b c',
          '-w',
          '/made/for/it',
          '-u',
          '1000:1001',
          '--init',
          '-h',
          'somewhere',
          '-l',
          'x=y',
        ],
        ...['--entrypoint', 'sh', 'busybox', '-c', 'echo "$A|$PWD|$(id -u):$(id -g)|$HOSTNAME|$(hostname)"'],
      );

      expect(outcome.stdout).toBe('b c|/made/for/it|1000:1001|somewhere|somewhere\n');
    });

    test('a variable reaches the process byte for byte', async () => {
      const value = 'line\nnext $(HOME) $$X "quoted" \\ ünïcode';

      expect(
        (await docker('run', '--rm', '-e', `V=${value}`, 'busybox', 'sh', '-c', 'printf %s "$V"')).stdout,
      ).toBe(value);
    });

    test('a name can be used once, and the text says by whom', async () => {
      const first = await docker('create', '--name', 'taken', 'busybox', 'true');
      const second = await docker('create', '--name', 'taken', 'busybox', 'true');
      await docker('rm', 'taken');

      expect(second.code).toBe(1);
      expect(second.stderr).toContain(
        `Conflict. The container name "/taken" is already in use by container "${first.stdout.trim()}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    });

    test('--stop-signal reaches the process on docker stop', async () => {
      await docker(
        'run',
        '-d',
        '--name',
        'stops',
        '--stop-signal',
        'USR1',
        'busybox',
        'sh',
        '-c',
        'trap "exit 7" USR1; while :; do sleep 0.1; done',
      );
      await docker('stop', 'stops');
      const inspected = await docker('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'stops');
      await docker('rm', 'stops');

      expect(inspected.stdout).toBe('exited 7\n');
    });

    test('ctrl-C ends a run with the process’s own exit code', async () => {
      const script = 'trap "exit 5" INT; echo ready; while :; do sleep 0.1; done';
      const shell = `docker --context badidea run --rm busybox sh -c '${script}' & pid=$!; sleep 3; kill -INT $pid; wait $pid; echo code=$?`;
      const {run} = await import('./support/run.ts');
      const outcome = await run('sh', ['-c', shell], {env: stage.badidea.env});

      expect(outcome.stdout).toBe('ready\ncode=5\n');
    });

    test('stop and start again keep the writable layer', async () => {
      await docker(
        'run',
        '-d',
        '--name',
        'again',
        'busybox',
        'sh',
        '-c',
        'cat /mark; date > /mark; sleep 1000',
      );
      await docker('stop', '-t', '0', 'again');
      await docker('start', 'again');
      await docker('exec', 'again', 'true');
      const logs = await docker('logs', 'again');
      await docker('rm', '-f', 'again');

      expect(logs.stderr).toContain("can't open '/mark'");
      expect(logs.stdout).toMatch(/\d\d:\d\d:\d\d/);
    });

    test('an image of one binary and nothing else runs, takes an exec, and has logs', async () => {
      await docker('pull', '-q', 'static');
      const image = await docker('image', 'inspect', '-f', '{{index .Config.Entrypoint 0}}', 'static');
      const program = image.stdout.trim();
      await docker('run', '-d', '--name', 'bare', 'static', 'sleep', '1000');
      const exec = await docker('exec', 'bare', program, 'echo', 'inside');
      await docker('rm', '-f', 'bare');
      const once = await docker('run', '--name', 'bare-once', 'static', 'echo', 'hi');
      const logs = await docker('logs', 'bare-once');
      await docker('rm', 'bare-once');

      expect(exec.stdout).toBe('inside\n');
      expect(once).toMatchObject({code: 0, stdout: 'hi\n'});
      expect(logs.stdout).toBe('hi\n');
    });

    test('the USER, WORKDIR and ENV of an image hold', async () => {
      await docker('pull', '-q', 'user');

      expect((await docker('run', '--rm', 'user', 'sh', '-c', 'id -un; pwd; echo $HOME')).stdout).toBe(
        'app\n/home/app\n/home/app\n',
      );
    });

    test('nothing privileged is in the Pod, and nothing secret', async () => {
      await docker('run', '-d', '--name', 'looked-at', '-e', 'PASSWORD=hunter2', 'busybox', 'sleep', '1000');
      const {run} = await import('./support/run.ts');
      const pods = await run('kubectl', [
        '--kubeconfig',
        stage.cluster.kubeconfigAdmin,
        '-n',
        stage.badidea.namespace,
        'get',
        'pods',
        '-o',
        'yaml',
      ]);
      await docker('rm', '-f', 'looked-at');

      expect(pods.stdout).toContain('/.badidea/bin/agent');
      expect(pods.stdout).not.toContain('hunter2');
      expect(pods.stdout).not.toMatch(/privileged: true|hostNetwork: true|hostPath/);
    });
  },
  {images: ['busybox']},
);
