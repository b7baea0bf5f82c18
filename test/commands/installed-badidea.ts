import {execFile, spawn} from 'node:child_process';
import {cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

export interface Installed {
  /** The package: bin, dist, package.json. */
  directory: string;
  /** A person's machine: nothing of the real one is read or written. */
  newHome(): Promise<Home>;
  remove(): Promise<void>;
}

export interface Home {
  directory: string;
  env: NodeJS.ProcessEnv;
  /** Runs `badidea …` to its end. */
  badidea(...args: string[]): Promise<Ended>;
  spawn(...args: string[]): ReturnType<typeof spawn>;
  /** The same on a pseudo-terminal; what it shows is in stdout. */
  onTerminal(typed: string, ...args: string[]): Promise<Ended>;
  docker(...args: string[]): Promise<Ended>;
  /** Ends what is left running and removes the folder. */
  remove(): Promise<void>;
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Builds badidea into a folder of its own, as a package that was installed, with the stub in the place of the daemon's composition root. */
export async function installBadidea(): Promise<Installed> {
  const directory = await mkdtemp(join(tmpdir(), 'bad-pkg-'));
  // Other rooms may be in the middle of a change: what they have wrong is for their own tests to tell.
  await run(
    process.execPath,
    [join(root, 'node_modules/.bin/tsc'), '-p', root, '--outDir', join(directory, 'dist'), '--noCheck'],
    {cwd: root},
  );
  await cp(join(root, 'bin'), join(directory, 'bin'), {recursive: true});
  const manifest: object = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const oclif = {
    bin: 'badidea',
    commands: {strategy: 'pattern', target: './dist/commands', globPatterns: ['*.js']},
    topicSeparator: ' ',
  };
  await writeFile(join(directory, 'package.json'), JSON.stringify({oclif, ...manifest}));
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  await writeFile(join(directory, 'dist/daemon/daemon.js'), await stubSource(directory));
  return {
    directory,
    newHome: () => newHome(directory),
    remove: () => rm(directory, {recursive: true, force: true}),
  };
}

/** The stub with its types taken out, and its imports as they are from dist/daemon/. */
async function stubSource(directory: string): Promise<string> {
  const {stripTypeScriptTypes} = await import('node:module');
  const source = await readFile(new URL('stub-daemon.ts', import.meta.url), 'utf8');
  await mkdir(join(directory, 'dist/daemon'), {recursive: true});
  return stripTypeScriptTypes(source).replaceAll('../../src/', '../').replaceAll(".ts'", ".js'");
}

async function newHome(packageDirectory: string): Promise<Home> {
  const directory = await mkdtemp(join(tmpdir(), 'bad-home-'));
  const runtime = join(directory, 'run');
  await mkdir(runtime, {mode: 0o700});
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: directory,
    XDG_RUNTIME_DIR: runtime,
    KUBECONFIG: '/dev/null',
    NO_COLOR: '1',
  };
  const bin = join(packageDirectory, 'bin/badidea.js');
  const start = (command: string, args: string[]) => spawn(command, args, {env, cwd: directory});
  const home: Home = {
    directory,
    env,
    badidea: (...args) => ended(start(process.execPath, [bin, ...args])),
    spawn: (...args) => start(process.execPath, [bin, ...args]),
    onTerminal(typed, ...args) {
      const line = [process.execPath, bin, ...args].map(word => `'${word}'`).join(' ');
      const child = start('script', ['-qec', `stty cols 120; ${line}`, '/dev/null']);
      // Typed when it asks, as a person does.
      child.stdout?.on(
        'data',
        (chunk: Buffer) => chunk.toString().includes('[y/N]') && child.stdin?.write(typed),
      );
      return ended(child);
    },
    docker: (...args) => ended(start('docker', args)),
    async remove() {
      const profiles = await readdir(join(runtime, 'badidea')).catch(() => []);
      await Promise.all(profiles.map(profile => home.badidea('down', '--profile', profile)));
      await rm(directory, {recursive: true, force: true});
    },
  };
  return home;
}

async function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const {promise, resolve, reject} = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  child.once('error', reject);
  return {code: await promise, stdout, stderr};
}
