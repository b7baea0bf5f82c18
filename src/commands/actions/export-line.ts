import {checkProfileName, profilePaths} from '../../config/paths.ts';

/** `export DOCKER_HOST=…` for the profile's Unix socket, quoted for a POSIX shell. */
export function exportLine(profile: string, env: NodeJS.ProcessEnv): string {
  const {dockerSocket} = profilePaths(checkProfileName(profile), env);
  return `export DOCKER_HOST='unix://${dockerSocket.replaceAll("'", String.raw`'\''`)}'\n`;
}
