import {createHash} from 'node:crypto';

import type {Dispatcher} from 'undici';

import {DaemonError} from '../errors.ts';
import type {ImageReference} from '../wire/image-reference.ts';
import type {RegistryAuth} from '../wire/registry-auth.ts';
import {manifestTypes} from './manifest.ts';
import {type RegistryEndpoint, type RegistrySettings, registryEndpoint} from './registry-endpoint.ts';
import {pullFailure, registryFailure} from './registry-errors.ts';
import {type RegistryAnswer, registryRequest} from './registry-http.ts';
import {authorize, parseChallenge} from './registry-token.ts';

export interface Document {
  /** `sha256:…` of the bytes, checked */
  digest: string;
  mediaType: string;
  bytes: Buffer;
}

/** One repository of a registry, for the length of one pull. Methods reject with NotFound in Docker's words, or a DaemonError. */
export interface Repository {
  /** The digest behind the reference by HEAD, which registries do not count; undefined when the registry does not say it so. */
  digest(): Promise<string | undefined>;
  /** The reference's own manifest or index, or the one of that digest. */
  manifest(digest?: string): Promise<Document>;
  /** An image's configuration. */
  config(digest: string): Promise<Document>;
  /** Whether the registry wanted, and got, the user's credentials. */
  usedCredentials(): boolean;
}

export interface RegistryOptions {
  dispatcher: Dispatcher;
  registries: RegistrySettings;
}

const manifestLimit = 4 * 2 ** 20;
const configLimit = 8 * 2 ** 20;
const accept = manifestTypes.join(', ');

/** Opens a repository; nothing is sent yet. Tokens live as long as the returned object, credentials are kept nowhere else. */
export function openRepository(
  reference: ImageReference,
  {dispatcher, registries}: RegistryOptions,
  {auth, signal}: {auth: RegistryAuth | undefined; signal: AbortSignal},
): Repository {
  const endpoint = registryEndpoint(reference.domain, registries);
  const path = endpoint.pathPrefix + reference.path;
  const credentials = endpoint.isMirror ? undefined : auth;
  const who = registryName(reference, endpoint);
  const named = reference.digest ?? reference.tag ?? 'latest';
  let authorization = credentials?.registrytoken ? `Bearer ${credentials.registrytoken}` : undefined;
  let usedCredentials = authorization !== undefined;

  async function send(
    method: 'GET' | 'HEAD',
    kind: 'manifests' | 'blobs',
    name: string,
  ): Promise<RegistryAnswer> {
    const connection = {dispatcher, signal, plain: endpoint.plain};
    const ask = (): Promise<RegistryAnswer> =>
      registryRequest({
        ...connection,
        method,
        url: new URL(`/v2/${path}/${kind}/${name}`, endpoint.origin),
        headers: {
          ...(kind === 'manifests' ? {accept} : {}),
          ...(authorization === undefined ? {} : {authorization}),
        },
        limit: kind === 'manifests' ? manifestLimit : configLimit,
      });
    const answer = await ask();
    const challenge =
      answer.status === 401 ? parseChallenge(answer.header('www-authenticate') ?? '') : undefined;
    if (challenge === undefined) {
      return answer;
    }
    const fresh = await authorize(challenge, credentials, {
      ...connection,
      scope: `repository:${path}:pull`,
      host: new URL(endpoint.origin).host,
    });
    if (fresh === undefined) {
      return answer;
    }
    authorization = fresh;
    usedCredentials = credentials !== undefined;
    return ask();
  }

  return {
    usedCredentials: () => usedCredentials,
    async digest() {
      const answer = await send('HEAD', 'manifests', named);
      return answer.status === 200 ? answer.header('docker-content-digest') : undefined;
    },
    async manifest(digest) {
      const answer = await send('GET', 'manifests', digest ?? named);
      if (answer.status !== 200) {
        throw pullFailure(answer, reference, who);
      }
      return checked(answer, digest ?? reference.digest, who);
    },
    async config(digest) {
      const answer = await send('GET', 'blobs', digest);
      if (answer.status !== 200) {
        throw registryFailure(answer, who);
      }
      return checked(answer, digest, who);
    },
  };
}

/** A registry is not trusted to send what was asked for: the bytes have to have the digest. */
function checked(answer: RegistryAnswer, expected: string | undefined, who: string): Document {
  const algorithm = expected?.split(':', 1)[0] ?? 'sha256';
  const digest = `${algorithm}:${createHash(algorithm).update(answer.body).digest('hex')}`;
  if (expected !== undefined && digest !== expected) {
    throw new DaemonError(
      `${who} sent something else than was asked for: its digest is ${digest}, not ${expected}. ` +
        'A proxy may have changed it, or it was cut short; try again.',
    );
  }
  return {
    digest,
    mediaType: answer.header('content-type')?.split(';', 1)[0]?.trim() ?? '',
    bytes: answer.body,
  };
}

function registryName(reference: ImageReference, endpoint: RegistryEndpoint): string {
  const host = new URL(endpoint.origin).host;
  return endpoint.isMirror ? `the mirror ${host} of ${reference.domain}` : `the registry ${host}`;
}
