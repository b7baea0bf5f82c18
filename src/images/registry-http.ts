import {type Dispatcher, request} from 'undici';

import {DaemonError} from '../errors.ts';
import {explained} from './explained.ts';

/** An answer of a registry whose body has been read within its bound. */
export interface RegistryAnswer {
  status: number;
  header(name: string): string | undefined;
  body: Buffer;
}

export interface RegistryRequest {
  method: 'GET' | 'HEAD' | 'POST';
  url: URL;
  headers: Record<string, string>;
  body?: string;
  /** bytes; a longer body is an error */
  limit: number;
  /** the registry may send us over plain http, as it is reached so itself */
  plain: boolean;
  dispatcher: Dispatcher;
  signal: AbortSignal;
}

const maximumRedirects = 5;
const silenceMilliseconds = 20_000;
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * One request to a registry, with the redirects that blobs take to their storage. Authorization goes to the first origin only, and never from https to
 * plain http. Rejects with a DaemonError when there is no answer, with the signal's reason when it aborts.
 */
export async function registryRequest(options: RegistryRequest): Promise<RegistryAnswer> {
  const {authorization, ...bare} = options.headers;
  let {url} = options;
  for (let hop = 0; hop <= maximumRedirects; hop++) {
    const own = url.origin === options.url.origin && authorization !== undefined;
    // oxlint-disable-next-line no-await-in-loop -- each hop says where the next one goes
    const answer = await send({...options, url, headers: own ? {...bare, authorization} : bare});
    const location = answer.header('location');
    if (!redirects.has(answer.status) || location === undefined || options.method === 'POST') {
      return answer;
    }
    url = redirectTarget(url, location, options.plain);
  }
  throw new DaemonError(`the registry ${options.url.host} redirects without end`);
}

function redirectTarget(from: URL, location: string, plain: boolean): URL {
  const target = URL.parse(location, from.href);
  const plainToPlain = target?.protocol === 'http:' && plain && from.protocol === 'http:';
  if (target === null || !(target.protocol === 'https:' || plainToPlain)) {
    throw new DaemonError(
      `the registry ${from.host} redirects to ${target === null ? 'no valid address' : target.origin}: ` +
        'badidea follows a redirect from https to https only',
    );
  }
  return target;
}

async function send(options: RegistryRequest): Promise<RegistryAnswer> {
  const {method, url, headers, limit, dispatcher, signal} = options;
  try {
    const answer = await request(url, {
      method,
      headers,
      body: options.body ?? null,
      dispatcher,
      signal,
      headersTimeout: silenceMilliseconds,
      bodyTimeout: silenceMilliseconds,
    });
    const header = (name: string): string | undefined => {
      const value = answer.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    const bounded = redirects.has(answer.statusCode) ? 64 * 1024 : limit;
    return {status: answer.statusCode, header, body: await readBounded(answer.body, bounded, url.host)};
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DaemonError) {
      throw error;
    }
    throw unreachable(url, error);
  }
}

async function readBounded(body: AsyncIterable<unknown>, limit: number, host: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop destroys the body, and with it the connection.
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) {
      continue;
    }
    length += chunk.length;
    if (length > limit) {
      throw new DaemonError(
        `the registry ${host} sent more than ${limit} bytes where that is the most we take`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function unreachable(url: URL, cause: unknown): DaemonError {
  // A host with several addresses fails once for each; the first says enough.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const why = first instanceof Error ? first.message || first.name : String(first);
  return new DaemonError(
    explained(`Cannot reach the registry ${url.host}.`, {
      why: `${why}.`,
      fix: "Check this machine's network and proxy, or name a mirror under `registries` in badidea's settings.",
    }),
    {cause},
  );
}
