import {execFile} from 'node:child_process';
import {promisify} from 'node:util';

import {failure} from '../failures/failure.ts';
import {isErrno} from './errno.ts';

/**
 * Runs `docker --context=default context …`: named explicitly, for a current context that is missing would make every command fail. False when there is
 * no docker on PATH; BAD-207 when docker refuses.
 */
export async function dockerContextCommand(args: string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const {DOCKER_HOST: _host, DOCKER_CONTEXT: _context, ...clean} = env;
  try {
    await promisify(execFile)('docker', ['--context=default', 'context', ...args], {
      env: clean,
      timeout: 15_000,
    });
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const why = said || (error instanceof Error ? error.message : String(error));
    throw failure('BAD-207', {command: `context ${args.join(' ')}`, why}, {cause: error});
  }
}

/** What `docker --version` says (`28.2.2`); undefined when there is no docker on PATH. */
export async function dockerVersion(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const {stdout} = await promisify(execFile)('docker', ['--version'], {env, timeout: 5000});
    return /(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? 'of unknown version';
  } catch {
    return undefined;
  }
}

/** The value of `--docker`: docker reads it as one line of CSV. */
export function endpointOption(parts: Record<string, string>): string {
  return Object.entries(parts)
    .map(([key, value]) => `${key}=${value}`)
    .map(part => (/[",\n]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part))
    .join(',');
}
