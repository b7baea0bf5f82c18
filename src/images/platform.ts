import {InvalidRequest, NotSupported} from '../errors.ts';
import {explained} from './explained.ts';

/** What an image is made for. We run Linux on the two architectures that the agent is built for. */
export interface Platform {
  os: 'linux';
  architecture: 'amd64' | 'arm64';
}

const aliases: ReadonlyMap<string, string> = new Map([
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['aarch64', 'arm64'],
]);

/** Reads `--platform`: `linux/arm64`, `linux/arm64/v8`, `arm64`; `linux` alone means the cluster's own. */
export function parsePlatform(text: string, ownArchitecture: Platform['architecture']): Platform {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || parts.some(part => !/^[a-z0-9_.-]{1,32}$/.test(part))) {
    throw new InvalidRequest(
      `"${text.slice(0, 100)}": unknown operating system or architecture: invalid argument`,
    );
  }
  const [first = '', second] = parts;
  const os = second === undefined && first !== 'linux' && first !== 'windows' ? 'linux' : first;
  const named = second ?? (os === first ? ownArchitecture : first);
  const architecture = aliases.get(named) ?? named;
  if (os !== 'linux' || (architecture !== 'amd64' && architecture !== 'arm64')) {
    throw new NotSupported(
      explained(`The platform ${os}/${architecture} cannot run here.`, {
        why: "badidea's agent, which is in every container, is built for linux/amd64 and linux/arm64.",
        fix: 'Ask for one of these, or leave --platform out.',
      }),
    );
  }
  return {os, architecture};
}

export function platformName({os, architecture}: Platform): string {
  return `${os}/${architecture}`;
}
