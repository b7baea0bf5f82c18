import {spawn, type ChildProcessWithoutNullStreams} from 'node:child_process';

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
  /** wall time */
  milliseconds: number;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  input?: string | Buffer;
  /** milliseconds; then it is killed and the promise rejects */
  timeout?: number;
  cwd?: string;
}

/** Runs a program to its end. A program that fails is an outcome, not an error; one that cannot be started or never ends is an error. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Outcome> {
  const {env = process.env, input, timeout = 60_000, cwd} = options;
  const begun = performance.now();
  const child = spawn(command, args, {env, ...(cwd === undefined ? {} : {cwd})});
  const output = collect(child);
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new Error(
          `${command} ${args.join(' ')} did not end within ${timeout} ms\n${output.stdout()}${output.stderr()}`,
        ),
      );
    }, timeout);
    child.on('error', error => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const milliseconds = performance.now() - begun;
      resolve({
        code: code ?? (signal === null ? -1 : 128),
        stdout: output.stdout(),
        stderr: output.stderr(),
        milliseconds,
      });
    });
  });
}

function collect(child: ChildProcessWithoutNullStreams) {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  return {
    stdout: () => Buffer.concat(stdout).toString(),
    stderr: () => Buffer.concat(stderr).toString(),
  };
}
