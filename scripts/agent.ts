/**
 * `npm run agent`: builds the agent for both architectures into src/agent/bin.
 *   --check         builds elsewhere and compares the bytes with what is committed
 *   --sanitize OUT  builds a plain process with address and undefined-behaviour sanitizers, for the tests (BADIDEA_AGENT=OUT)
 *   --fuzz [SECS]   builds the fuzz test of the frame reader and runs it (20 s)
 */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync} from 'node:fs';
import {homedir, tmpdir} from 'node:os';
import {join, resolve} from 'node:path';

import {writeSeeds} from '../test/agent/seeds.ts';

const ZIG = '0.17.1';
const TARGETS = {amd64: 'x86_64-linux-musl', arm64: 'aarch64-linux-musl'};
const WARNINGS = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-Wshadow', '-Wconversion'];
// clang counts these as -Wconversion, and musl's ioctl cannot be called without them.
const CLANG = ['-Wno-sign-conversion'];
const SANITIZERS = ['-g', '-O1', '-fno-omit-frame-pointer', '-fno-sanitize-recover=all'];
const root = resolve(import.meta.dirname, '..');
const sources = join(root, 'src/agent');
const binaries = join(sources, 'bin');

/** What went wrong and what to do, for the terminal. */
class BuildError extends Error {}

function main([mode, argument]: string[]): void {
  if (mode === undefined) return buildAll(binaries);
  if (mode === '--check') return check();
  if (mode === '--sanitize' && argument !== undefined) return sanitize(resolve(argument));
  if (mode === '--fuzz') return fuzz(Number(argument ?? 20));
  throw new BuildError('usage: npm run agent [-- --check | --sanitize OUT | --fuzz [SECONDS]]');
}

function buildAll(folder: string): void {
  const zig = zigPackage();
  mkdirSync(folder, {recursive: true});
  for (const [architecture, target] of Object.entries(TARGETS)) {
    const output = join(folder, `agent-${architecture}`);
    console.log(`building agent-${architecture} (the first time this also builds musl: about a minute)`);
    const flags = ['-target', target, '-static', '-O2', '-s', '-Wl,--build-id=none'];
    // -O2 and not -Os: under -Os zig's memcpy is a loop over bytes, which halves the throughput for 8 KB.
    // Relative names and a mapped prefix: the bytes must not depend on where the checkout is.
    const paths = [`-ffile-prefix-map=${sources}=.`, ...sourceFiles()];
    run('python3', ['-m', 'ziglang', 'cc', ...flags, ...WARNINGS, ...CLANG, ...paths, '-o', output], {
      PYTHONPATH: zig,
    });
  }
}

function check(): void {
  const folder = mkdtempSync(join(tmpdir(), 'badidea-agent-'));
  try {
    buildAll(folder);
    const stale = Object.keys(TARGETS)
      .map(architecture => `agent-${architecture}`)
      .filter(name => !sameBytes(join(folder, name), join(binaries, name)));
    if (stale.length === 0) return console.log('the committed binaries are what these sources build');
    throw new BuildError(
      `${stale.join(' and ')} in src/agent/bin: not what these sources build. Run \`npm run agent\` and commit the result.`,
    );
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

function sameBytes(one: string, other: string): boolean {
  return existsSync(other) && readFileSync(one).equals(readFileSync(other));
}

function sanitize(output: string): void {
  const flags = [...SANITIZERS, '-fsanitize=address,undefined'];
  run('gcc', [...flags, ...WARNINGS, ...sourceFiles(), '-o', output]);
}

/** libFuzzer over everything that reads bytes of the peer; its corpus starts from the vectors. */
function fuzz(seconds: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'badidea-fuzz-'));
  try {
    const program = join(folder, 'fuzz');
    const pure = ['frames.c', 'messages.c', 'parts.c', 'base.c'];
    const harness = join(root, 'test/agent/fuzz.c');
    const flags = [...SANITIZERS, '-fsanitize=fuzzer,address,undefined', '-I', sources];
    run('clang', [...flags, ...WARNINGS, ...CLANG, ...pure, harness, '-o', program]);
    run(program, [`-max_total_time=${seconds}`, '-max_len=4096', '-print_final_stats=1', seedCorpus(folder)]);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

function seedCorpus(folder: string): string {
  const corpus = join(folder, 'corpus');
  mkdirSync(corpus);
  writeSeeds(corpus);
  return corpus;
}

function sourceFiles(): string[] {
  return readdirSync(sources)
    .filter(name => name.endsWith('.c'))
    .toSorted();
}

/** The folder of the pinned `ziglang` package, installed from PyPI if it is not there. */
function zigPackage(): string {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'badidea');
  const folder = join(cache, `zig-${ZIG}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, {recursive: true});
  // Installed beside its place and renamed, so that a broken download is never taken for the compiler.
  const part = mkdtempSync(join(cache, 'part-'));
  console.log(`installing ziglang ${ZIG} from PyPI into ${folder}`);
  run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', part, `ziglang==${ZIG}`]);
  renameSync(part, folder);
  return folder;
}

function run(program: string, args: string[], environment: Record<string, string> = {}): void {
  const {status, error} = spawnSync(program, args, {
    cwd: sources,
    stdio: 'inherit',
    env: {...process.env, ...environment},
  });
  if (error !== undefined)
    throw new BuildError(`${program} cannot be run (${error.message}). Install it: ${hint(program)}`);
  if (status !== 0)
    throw new BuildError(`${program} failed (exit code ${String(status)}); its own words are above.`);
}

function hint(program: string): string {
  if (program === 'python3') return 'python3 with pip, for the compiler that comes as a Python package.';
  if (program === 'clang') return 'on Debian `apt-get install clang libclang-rt-14-dev`.';
  return `on Debian \`apt-get install ${program}\`.`;
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
