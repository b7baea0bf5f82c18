import {expect, test} from 'vitest';

import {onCluster} from './support/suite.ts';

onCluster('docker exec', stage => {
  const docker = (...args: string[]) => stage.badidea.docker(args);
  const started = async (name: string) => {
    await docker('run', '-d', '--name', name, '-e', 'OF=container', 'busybox', 'sleep', '1000');
    return (...args: string[]) => docker('exec', ...args);
  };

  test('exec -u -w -e run as told, and inherit the container’s variables', async () => {
    const exec = await started('exec-1');

    const outcome = await exec(
      '-u',
      '12:34',
      '-w',
      '/tmp',
      '-e',
      'MY=own',
      'exec-1',
      'sh',
      '-c',
      'echo $(id -u):$(id -g) $PWD $MY $OF',
    );

    expect(outcome.stdout).toBe('12:34 /tmp own container\n');
  });

  test('the exit code, stdout and stderr are the command’s', async () => {
    const exec = await started('exec-2');

    const outcome = await exec('exec-2', 'sh', '-c', 'echo out; echo err >&2; exit 42');

    expect(outcome).toMatchObject({code: 42, stdout: 'out\n', stderr: 'err\n'});
  });

  test('a command that is not there is 127 in Docker’s words, and so is a folder that is not there', async () => {
    const exec = await started('exec-3');

    const command = await exec('exec-3', 'no-such-program');
    const folder = await exec('-w', '/nope', 'exec-3', 'true');

    expect(command.code).toBe(127);
    expect(command.stdout + command.stderr).toContain(
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "no-such-program": executable file not found in $PATH: unknown',
    );
    expect(folder.code).toBe(127);
    expect(folder.stdout + folder.stderr).toContain(
      'chdir to cwd ("/nope") set in config.json failed: no such file or directory',
    );
  });

  test('an unknown user is an error of the request', async () => {
    const exec = await started('exec-4');

    const outcome = await exec('-u', 'nobody-here', 'exec-4', 'true');

    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('unable to find user nobody-here: no matching entries in passwd file');
  });

  test('exec -d answers when the command runs, and goes on without anybody', async () => {
    const exec = await started('exec-5');

    const detached = await exec('-d', 'exec-5', 'sh', '-c', 'sleep 0.3; echo done > /tmp/mark');
    await new Promise(resolve => setTimeout(resolve, 800));
    const mark = await exec('exec-5', 'cat', '/tmp/mark');

    expect(detached).toMatchObject({code: 0, stdout: ''});
    expect(mark.stdout).toBe('done\n');
  });

  test('an exec in a container that does not run is refused', async () => {
    const created = await docker('create', '--name', 'exec-6', 'busybox', 'true');

    const outcome = await docker('exec', 'exec-6', 'true');

    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(`container ${created.stdout.trim()} is not running`);
  });

  test('piped stdin reaches the command and ends', async () => {
    await started('exec-7');

    const outcome = await stage.badidea.docker(['exec', '-i', 'exec-7', 'sha256sum'], {input: 'abc'});

    expect(outcome.stdout).toContain('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
