import {homedir, userInfo} from 'node:os';
import {join} from 'node:path';

import {failure} from '../failures/failure.ts';

/** Where a profile keeps its files. Nothing else is written in the home folder but our entry in docker's context store. */
export interface ProfilePaths {
  /** Shared by all profiles. */
  configDirectory: string;
  tlsDirectory: string;
  stateDirectory: string;
  runtimeDirectory: string;
  dockerSocket: string;
  controlSocket: string;
  /** What the last daemon was: see record.ts. */
  record: string;
  log: string;
  /** The docker context that was current before `up --use`. */
  previousContext: string;
}

/**
 * The places of one profile by the XDG base directories; macOS has no runtime folder, so it is below the home folder there. BAD-203 when the sockets' path
 * is longer than the system takes.
 */
export function profilePaths(
  profile: string,
  env: NodeJS.ProcessEnv,
  platform = process.platform,
): ProfilePaths {
  const home = env['HOME'] || homedir();
  const runtimeBase = platform === 'darwin' ? undefined : absolute(env['XDG_RUNTIME_DIR']);
  const runtimeDirectory = runtimeBase
    ? join(runtimeBase, 'badidea', profile)
    : join(home, '.badidea', 'run', profile);
  const stateDirectory = join(
    absolute(env['XDG_STATE_HOME']) ?? join(home, '.local', 'state'),
    'badidea',
    profile,
  );
  const dataDirectory = join(
    absolute(env['XDG_DATA_HOME']) ?? join(home, '.local', 'share'),
    'badidea',
    profile,
  );
  const dockerSocket = join(runtimeDirectory, 'docker.sock');
  checkSocketPath(dockerSocket, platform);
  return {
    configDirectory: join(absolute(env['XDG_CONFIG_HOME']) ?? join(home, '.config'), 'badidea'),
    tlsDirectory: join(dataDirectory, 'tls'),
    stateDirectory,
    runtimeDirectory,
    dockerSocket,
    controlSocket: join(runtimeDirectory, 'ctl.sock'),
    record: join(stateDirectory, 'daemon.json'),
    log: join(stateDirectory, 'daemon.log'),
    previousContext: join(stateDirectory, 'previous-context'),
  };
}

/** Checks a profile's name: it becomes a folder and part of a docker context's name. */
export function checkProfileName(profile: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,31}$/.test(profile)) return profile;
  throw failure('BAD-002', {
    what: `"${profile.slice(0, 60)}" is no name for a profile.`,
    why: 'It becomes the name of a folder and of a docker context.',
    fix: 'Use 1 to 32 of a-z, 0-9, "-" and "_", beginning with a letter or digit',
  });
}

/** The docker context of a profile. */
export function contextName(profile: string): string {
  return profile === 'default' ? 'badidea' : `badidea-${profile}`;
}

/** `user@host`-like name of who runs this, for certificates. */
export function localUserName(): string {
  try {
    return userInfo().username;
  } catch {
    // No entry in the password file, as with an arbitrary uid in a container.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** The XDG specification has relative paths ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined;
}

/** Throws where the operating system would answer a bare EINVAL: sun_path holds 108 bytes on Linux and 104 on macOS, one of them for the end. */
function checkSocketPath(path: string, platform: NodeJS.Platform): void {
  const limit = platform === 'linux' ? 107 : 103;
  const length = Buffer.byteLength(path);
  if (length > limit) throw failure('BAD-203', {path, limit, length});
}
