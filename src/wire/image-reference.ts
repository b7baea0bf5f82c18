import {InvalidRequest} from '../errors.ts';

/** An image by name, in full: `alpine` is docker.io, `library/alpine`. Of tag and digest the digest decides. See `withDefaultTag`. */
export interface ImageReference {
  /** the registry, with its port */
  domain: string;
  path: string;
  tag: string | undefined;
  /** `sha256:` and 64 hex digits */
  digest: string | undefined;
}

const defaultDomain = 'docker.io';
const legacyDomain = 'index.docker.io';
const officialPrefix = 'library/';
const longestName = 255;

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const domain = String.raw`(?:${label}(?:\.${label})*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?`;
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const tagText = String.raw`[\w][\w.-]{0,127}`;
const digestText = '[a-z0-9]+:[0-9a-f]{32,}';
const tagPattern = new RegExp(`^${tagText}$`);
const referencePattern = new RegExp(
  `^(${domain})/(${component}(?:/${component})*)(?::(${tagText}))?(?:@(${digestText}))?$`,
);

/** Reads a reference as a user types it, by the grammar of distribution/reference; refuses it in Docker's words. */
export function parseImageReference(text: string): ImageReference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw new InvalidRequest(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  if (text === '' || text.length > 1024) throw new InvalidRequest('invalid reference format');
  const {host, remainder} = splitDomain(text);
  const name = remainder.split(/[:@]/, 1)[0] ?? '';
  if (name.toLowerCase() !== name) {
    throw new InvalidRequest(`invalid reference format: repository name (${name}) must be lowercase`);
  }
  const match = referencePattern.exec(`${host}/${remainder}`);
  const [, matchedDomain, path, tag, digest] = match ?? [];
  if (!matchedDomain || !path || (digest !== undefined && !isDigest(digest))) {
    throw new InvalidRequest('invalid reference format');
  }
  if (matchedDomain.length + 1 + path.length > longestName) {
    throw new InvalidRequest(
      `invalid reference format: repository name must not be more than ${longestName} characters`,
    );
  }
  return {domain: matchedDomain, path, tag, digest};
}

/** What `POST /images/create` names by `fromImage` and `tag`; the tag may be a digest, and is `latest` when neither has one. */
export function parsePullReference(fromImage: string, tag: string): ImageReference {
  // `docker pull -a` sends a colon at the end
  const reference = parseImageReference(fromImage.replace(/:$/, ''));
  if (tag === '') return withDefaultTag(reference);
  if (isDigest(tag)) return {...reference, tag: undefined, digest: tag};
  if (!tagPattern.test(tag)) throw new InvalidRequest('invalid tag format');
  return {...reference, tag, digest: undefined};
}

/** `latest` when there is neither tag nor digest. */
export function withDefaultTag(reference: ImageReference): ImageReference {
  return reference.tag || reference.digest ? reference : {...reference, tag: 'latest'};
}

/** The full form: `docker.io/library/alpine:3.20`. */
export function normalizedReference(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}${suffix(reference)}`;
}

/** The short form that docker shows: `alpine:3.20`. */
export function familiarReference(reference: ImageReference): string {
  return `${familiarName(reference)}${suffix(reference)}`;
}

/** As `familiarReference`, without tag and digest: `alpine`. */
export function familiarName({domain: host, path}: ImageReference): string {
  if (host !== defaultDomain) return `${host}/${path}`;
  const short = path.startsWith(officialPrefix) ? path.slice(officialPrefix.length) : path;
  // `library/a/b` is not what `a/b` means
  return short.includes('/') ? path : short;
}

function suffix({tag, digest}: ImageReference): string {
  return `${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

/** The part before the first slash is a registry only if it looks like a host: a dot, a port, `localhost`, or an upper-case letter. */
function splitDomain(text: string): {host: string; remainder: string} {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isHost =
    slash !== -1 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  const host = isHost && first !== legacyDomain ? first : defaultDomain;
  const rest = isHost ? text.slice(slash + 1) : text;
  return {host, remainder: host === defaultDomain && !rest.includes('/') ? `${officialPrefix}${rest}` : rest};
}

/** The other algorithms that the grammar allows are used by no registry. */
function isDigest(text: string): boolean {
  return /^sha256:[a-f0-9]{64}$|^sha512:[a-f0-9]{128}$/.test(text);
}
