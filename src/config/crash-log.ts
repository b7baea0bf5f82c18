import {appendFile} from 'node:fs/promises';
import {inspect} from 'node:util';

import {profilePaths} from './paths.ts';
import {ensurePrivateDirectory} from './private-directory.ts';

/** Appends an error with its stack and causes to the profile's daemon.log and returns its path, or where else the story can be read. */
export async function logUnexpected(error: Error, env: NodeJS.ProcessEnv): Promise<string> {
  const story = inspect(error, {depth: 5});
  try {
    const {stateDirectory, log} = profilePaths('default', env);
    await ensurePrivateDirectory(stateDirectory);
    const line = {
      time: new Date().toISOString(),
      level: 'error',
      message: 'a command failed unexpectedly',
      error: story,
    };
    await appendFile(log, `${JSON.stringify(line)}\n`, {mode: 0o600});
    return log;
  } catch {
    // Without a place to write to, the screen is the place.
    process.stderr.write(`${story}\n`);
    return 'the lines above';
  }
}
