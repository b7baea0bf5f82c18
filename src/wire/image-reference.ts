import {InvalidRequest} from '../errors.ts';

/**
 * An image reference, taken apart and normalised: `alpine` is docker.io, `library/alpine`. The grammar is that of
 * github.com/distribution/reference. Neither tag nor digest is filled in: see `withDefaultTag`.
 */
export interface ImageReference {
  /** with its port, lower case for the well-known one: `docker.io`, `localhost:5000` */
  domain: string;
  path: string;
  tag: string | undefined;
  /** `sha256:…` */
  digest: string | undefined;
}

const defaultDomain = 'docker.io';
const legacyDefaultDomain = 'index.docker.io';
const officialPrefix = 'library/';
const maximumLength = 1024;

const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domainPattern = new RegExp(
  `^(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`,
);
const pathPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;

/** Reads what a client says for an image. Rejects, as Docker with 400, what the grammar does not allow. */
export function parseImageReference(text: string): ImageReference {
  if (text === '' || text.length > maximumLength) {
    throw new InvalidRequest('invalid reference format');
  }
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw new InvalidRequest(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : text.slice(at + 1);
  const tagged = at === -1 ? text : text.slice(0, at);
  const colon = tagged.lastIndexOf(':');
  const hasTag = colon > tagged.lastIndexOf('/');
  const tag = hasTag ? tagged.slice(colon + 1) : undefined;
  const {domain, path} = splitDomain(hasTag ? tagged.slice(0, colon) : tagged);

  if (path !== path.toLowerCase() && pathPattern.test(path.toLowerCase())) {
    throw new InvalidRequest(`invalid reference format: repository name (${path}) must be lowercase`);
  }
  if (!domainPattern.test(domain) || !pathPattern.test(path)) {
    throw new InvalidRequest('invalid reference format');
  }
  if ((tag !== undefined && !tagPattern.test(tag)) || (digest !== undefined && !digestPattern.test(digest))) {
    throw new InvalidRequest('invalid reference format');
  }
  if (domain.length + 1 + path.length > 255) {
    throw new InvalidRequest(
      'invalid reference format: repository name must not be more than 255 characters',
    );
  }
  return {domain, path, tag, digest};
}

/** Docker's reading of a reference that names neither a tag nor a digest: `latest`. */
export function withDefaultTag(reference: ImageReference): ImageReference {
  return reference.tag === undefined && reference.digest === undefined
    ? {...reference, tag: 'latest'}
    : reference;
}

/** The short name that users see: `alpine`, `grafana/grafana`, `quay.io/x/y`. */
export function familiarName({domain, path}: ImageReference): string {
  if (domain !== defaultDomain) {
    return `${domain}/${path}`;
  }
  const short = path.startsWith(officialPrefix) ? path.slice(officialPrefix.length) : path;
  return short.includes('/') ? path : short;
}

/** `alpine:latest`, `alpine@sha256:…`. */
export function familiarReference(reference: ImageReference): string {
  return familiarName(reference) + suffix(reference);
}

/** `docker.io/library/alpine`. */
export function fullName({domain, path}: ImageReference): string {
  return `${domain}/${path}`;
}

/** `docker.io/library/alpine:latest`: the one spelling of a reference, fit for a key. */
export function fullReference(reference: ImageReference): string {
  return fullName(reference) + suffix(reference);
}

function suffix({tag, digest}: ImageReference): string {
  return (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
}

function splitDomain(name: string): {domain: string; path: string} {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const domain = isDomain ? first : defaultDomain;
  const path = isDomain ? name.slice(slash + 1) : name;
  if (domain !== defaultDomain && domain !== legacyDefaultDomain) {
    return {domain, path};
  }
  return {domain: defaultDomain, path: path.includes('/') ? path : officialPrefix + path};
}
