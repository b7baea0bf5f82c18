import {spawn} from 'node:child_process';

import {ClusterError} from './errors.ts';

export type RunOptions = {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  /** Called with each line of stderr as it comes. */
  onLine?: (line: string) => void;
};

/** Runs a program to its end and gives its stdout; if it fails, the error carries the last lines of its stderr. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: options.env ?? process.env,
    signal: options.signal,
  });
  let stdout = '';
  let rest = '';
  const tail: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      options.onLine?.(line);
      tail.push(line);
    }
    tail.splice(0, tail.length - 20);
  });
  const code = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', status => resolve(status ?? undefined));
  }).catch((cause: unknown) => {
    throw new ClusterError(`${program} could not be started`, {cause});
  });
  if (code !== 0) {
    const words = [...tail, rest].join('\n').trim();
    throw new ClusterError(
      `${program} ${args.join(' ')} ended with code ${code ?? 'by a signal'}:\n${words}`,
    );
  }
  return stdout;
}
