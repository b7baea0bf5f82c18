import {z} from 'zod';

import {DaemonError} from '../errors.ts';
import type {RegistryAuth} from '../wire/registry-auth.ts';
import {isLoopback} from './registry-endpoint.ts';
import {registryFailure} from './registry-errors.ts';
import {type RegistryRequest, registryRequest} from './registry-http.ts';

/** How a request is to be authorised, by a registry's `WWW-Authenticate`. */
export interface Challenge {
  scheme: 'basic' | 'bearer';
  parameters: ReadonlyMap<string, string>;
}

type Connection = Pick<RegistryRequest, 'dispatcher' | 'signal' | 'plain'>;

export interface TokenRequest extends Connection {
  scope: string;
  /** of the registry that sends us for a token */
  host: string;
}

const tokenLimit = 256 * 1024;
const TokenAnswer = z.object({token: z.string().nullish(), access_token: z.string().nullish()});

/** The first challenge of a header that we can answer; Bearer is preferred. */
export function parseChallenge(header: string): Challenge | undefined {
  for (const scheme of ['bearer', 'basic'] as const) {
    const start = header.search(new RegExp(`(?:^|[\\s,])${scheme}(?:\\s|$)`, 'i'));
    if (start !== -1) {
      return {scheme, parameters: parametersOf(header.slice(start).trim().slice(scheme.length))};
    }
  }
  return undefined;
}

/**
 * Answers a challenge with the value of an Authorization header: undefined when only credentials could, and there are none. Bearer tokens
 * come from the realm (https://distribution.github.io/distribution/spec/auth/token/), anonymous ones too.
 */
export async function authorize(
  challenge: Challenge,
  auth: RegistryAuth | undefined,
  {scope, host, ...connection}: TokenRequest,
): Promise<string | undefined> {
  if (challenge.scheme === 'basic') {
    return auth === undefined || auth.username === '' ? undefined : basic(auth.username, auth.password);
  }
  const realm = URL.parse(challenge.parameters.get('realm') ?? '');
  if (realm === null || !mayAskThere(realm, host, connection.plain)) {
    throw new DaemonError('the registry asks for a token and names no https address to get one from');
  }
  const service = challenge.parameters.get('service');
  const wanted = {
    ...(service === undefined ? {} : {service}),
    scope: challenge.parameters.get('scope') ?? scope,
  };
  const token = await fetchToken(realm, wanted, auth, connection);
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** Credentials go over plain http to the registry's own host or the loopback, and only where the registry is reached so itself. */
function mayAskThere(realm: URL, host: string, plain: boolean): boolean {
  return (
    realm.protocol === 'https:' ||
    (realm.protocol === 'http:' && plain && (realm.host === host || isLoopback(realm.hostname)))
  );
}

async function fetchToken(
  realm: URL,
  wanted: Record<string, string>,
  auth: RegistryAuth | undefined,
  connection: Connection,
): Promise<string | undefined> {
  const refresh = auth?.identitytoken || (auth?.username === '<token>' ? auth.password : '');
  const answer = await registryRequest(
    refresh
      ? {...connection, ...refreshRequest(realm, wanted, refresh)}
      : {...connection, ...plainRequest(realm, wanted, auth)},
  );
  // Some services give strangers no token at all; what the registry then says of the image is the better answer.
  if (auth === undefined && (answer.status === 401 || answer.status === 403)) {
    return undefined;
  }
  if (answer.status !== 200) {
    throw registryFailure(answer, `the token service ${realm.host}`);
  }
  const parsed = TokenAnswer.safeParse(parseJson(answer.body));
  const token = parsed.data?.token || parsed.data?.access_token;
  if (!token || /[^\x21-\x7e]/.test(token)) {
    throw new DaemonError(`the token service ${realm.host} answered without a token`);
  }
  return token;
}

function plainRequest(realm: URL, wanted: Record<string, string>, auth: RegistryAuth | undefined) {
  const url = new URL(realm);
  for (const [name, value] of Object.entries(wanted)) {
    url.searchParams.set(name, value);
  }
  const headers: Record<string, string> =
    auth?.username === undefined || auth.username === ''
      ? {}
      : {authorization: basic(auth.username, auth.password)};
  return {method: 'GET' as const, url, headers, limit: tokenLimit};
}

function refreshRequest(realm: URL, wanted: Record<string, string>, refresh: string) {
  const body = new URLSearchParams({
    ...wanted,
    grant_type: 'refresh_token',
    refresh_token: refresh,
    client_id: 'badidea',
  });
  const headers = {'content-type': 'application/x-www-form-urlencoded'};
  return {method: 'POST' as const, url: realm, headers, body: body.toString(), limit: tokenLimit};
}

function parametersOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.matchAll(/([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/gi);
  return new Map(
    Array.from(pairs, ([, name = '', quoted, bare = '']) => [
      name.toLowerCase(),
      quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1'),
    ]),
  );
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
