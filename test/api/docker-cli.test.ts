import {execFile, execFileSync, spawn} from 'node:child_process';
import {text} from 'node:stream/consumers';
import {promisify} from 'node:util';

import {describe, expect, test} from 'vitest';

import {scriptedEngine, type Program} from '../fakes/scripted-engine.ts';
import {serveApi} from '../helpers/api-server.ts';

const run = promisify(execFile);

const greet: Program = async ({stdin, write}) => {
  await write(1, 'out\n');
  await write(2, 'err\n');
  let heard = 0;
  for await (const chunk of stdin) heard += (chunk as Buffer).length;
  await write(1, `heard ${heard}\n`);
  return 3;
};

const dockerThere = (() => {
  try {
    execFileSync('docker', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

describe.runIf(dockerThere)('the docker CLI', () => {
  async function cli(program: Program = greet) {
    const {path, failures} = await serveApi(scriptedEngine(program));
    const docker = async (args: string[], input?: string | Buffer) => {
      const child = spawn('docker', ['-H', `unix://${path}`, ...args], {stdio: ['pipe', 'pipe', 'pipe']});
      child.stdin.on('error', () => {});
      child.stdin.end(input);
      const [out, err, code] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        new Promise<number | null>(resolve => child.on('close', resolve)),
      ]);
      return {out, err, code};
    };
    return {docker, failures, path};
  }

  test('shows version and info', async () => {
    const {docker, path} = await cli();

    expect((await docker(['version'])).out).toContain('badidea 0.1.0');
    expect((await docker(['info'])).out).toContain('Server Version: 28.5.2+badidea.0.1.0');
    const {stdout} = await run('docker', [
      '-H',
      `unix://${path}`,
      'version',
      '--format',
      '{{.Server.APIVersion}}',
    ]);
    expect(stdout).toBe('1.51\n');
  });

  test('runs a container with piped stdin, keeps its streams apart and takes its exit code', async () => {
    const {docker, failures} = await cli();

    const {out, err, code} = await docker(['run', '--rm', '-i', 'busybox', 'cat'], Buffer.alloc(1_000_000));

    expect({out, err, code}).toEqual({out: 'out\nheard 1000000\n', err: 'err\n', code: 3});
    expect(failures).toEqual([]);
  });

  test('prints output that comes long after it has closed its half', async () => {
    const {docker} = await cli(async ({write}) => {
      await new Promise(resolve => setTimeout(resolve, 300));
      await write(1, 'late\n');
      return 0;
    });

    expect(await docker(['run', '--rm', 'busybox', 'true'])).toMatchObject({out: 'late\n', code: 0});
  });

  test('exits at once from run -d, execs, logs, lists', async () => {
    const {docker} = await cli();

    const {out: id} = await docker(['run', '-d', '-i', '--name', 'web', 'busybox', 'cat']);
    expect(id.trim()).toMatch(/^[0-9a-f]{64}$/);
    expect((await docker(['exec', '-i', 'web', 'cat'], 'abc')).out).toBe('out\nheard 3\n');
    expect(await docker(['logs', 'web'])).toMatchObject({out: 'out\n', err: 'err\n'});
    expect((await docker(['ps', '--format', '{{.Names}} {{.Status}}'])).out).toBe('web Up 2 seconds\n');
    expect((await docker(['run', '--name', 'web', 'busybox'])).err).toContain(
      'The container name "/web" is already in use',
    );
  });

  test('says so when a stream broke, and fails', async () => {
    const {docker} = await cli(async ({write, output}) => {
      await write(1, 'part\n');
      await new Promise(resolve => setTimeout(resolve, 50));
      output.destroy(new Error('connection to the Pod lost'));
      // the process runs on
      await new Promise(resolve => setTimeout(resolve, 500));
      return 0;
    });

    const {out, err, code} = await docker(['run', 'busybox', 'true']);

    expect(out).toBe('part\n');
    expect(err).toContain('connection to the Pod lost');
    expect(code).toBe(1);
  });

  test('pulls, and prints why it cannot', async () => {
    const {docker} = await cli();

    expect((await docker(['pull', 'busybox'])).out).toContain('Status: Downloaded newer image');
    expect(await docker(['pull', 'nope'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('manifest unknown'),
    });
    expect(await docker(['pull', 'broken'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('the layer is gone'),
    });
  });

  test('prints the sentence of what badidea does not do', async () => {
    const {docker, failures} = await cli();

    for (const args of [
      ['restart', 'x'],
      ['volume', 'create', 'x'],
      ['network', 'create', 'x'],
      ['cp', 'x:/a', '.'],
      ['commit', 'x'],
    ]) {
      expect(await docker(args), args.join(' ')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/badidea does not .+\nfix: /),
      });
    }
    expect((await docker(['build', '-'], 'FROM busybox')).err).toContain('badidea does not');
    expect((await docker(['node', 'ls'])).err).toContain('not a swarm manager');
    expect((await docker(['inspect', 'nosuch'])).err.toLowerCase()).toContain('no such object');
    expect(failures).toEqual([]);
  });
});
