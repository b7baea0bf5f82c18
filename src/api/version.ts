import {InvalidRequest} from '../errors.ts';
import {text, type WholeReply} from '../http/reply.ts';

/** What is advertised: the API of the engine that badidea is compared with. */
const newestMinor = 51;
/** What testcontainers-java and older pins still ask for. */
const oldestMinor = 24;
export const apiVersion = `1.${newestMinor}`;
export const oldestApiVersion = `1.${oldestMinor}`;
/** What the answers are modelled on. */
export const engineVersion = '28.5.2';

/** Takes the version off a path: `/v1.51/info` → 1.51 and `/info`. A path without one is served as the newest. */
export function splitVersion(path: string): {path: string; version: string | undefined} {
  const match = /^\/v(\d{1,3}(?:\.\d{1,3})*)(\/.*)$/s.exec(path);
  return match ? {version: match[1], path: match[2] ?? ''} : {version: undefined, path};
}

/** The second number of a version that is served. One that is too old for JSON errors gets its refusal as text, as in moby. */
export function minorOf(version: string | undefined): number | WholeReply {
  if (version === undefined) return newestMinor;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 1 || (major === 1 && minor > newestMinor)) {
    throw new InvalidRequest(
      `client version ${version} is too new. Maximum supported API version is ${apiVersion}`,
    );
  }
  if (major === 1 && minor >= oldestMinor) return minor;
  const refusal = `client version ${version} is too old. Minimum supported API version is ${oldestApiVersion}, please upgrade your client to a newer version`;
  return text(400, 'text/plain; charset=utf-8', `${refusal}\n`);
}
