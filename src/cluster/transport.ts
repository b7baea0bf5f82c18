import type {Socket} from 'node:net';
import type {Readable} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';

import {Unavailable} from '../errors.ts';
import type {Credential, Credentials} from './credential.ts';
import type {Dialer} from './dial.ts';
import {connectionFailure, failureOf, parseStatus} from './failures.ts';
import {createHttpChannel, type HttpChannel} from './http-channel.ts';
import type {HttpAnswer} from './http-exchange.ts';
import {createSpareSocket} from './spare-socket.ts';

/** One call of the Kubernetes API. */
export interface ApiCall {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the server's address, such as `/api/v1/…`. */
  path: string;
  query?: Record<string, string | number | string[] | undefined>;
  body?: object;
  /** Of the body; JSON if not given. */
  contentType?: string;
  signal?: AbortSignal;
}

export interface Transport {
  readonly server: URL;
  /** The answer's JSON, believed to be a T: the API server is trusted. Rejects with the errors of `src/errors.ts`. */
  json<T>(call: ApiCall): Promise<T>;
  text(call: ApiCall): Promise<string>;
  /** The body of a successful answer as it comes, for as long as it comes. */
  stream(call: ApiCall): Promise<Readable>;
  /** For the WebSocket handshake: address, headers and a connection of its own. */
  upgrade(call: ApiCall): Promise<{url: URL; credential: Credential; socket: Socket}>;
  /** True if the handshake that was refused with 401 is worth a second try. */
  refuse(credential: Credential): boolean;
  /** Makes one connection ahead of the next `upgrade`: two round trips less for it. */
  warm(): void;
  /** Gives up all connections, as after the laptop's sleep and at the end; the next call would make a new one. */
  reset(): void;
}

export interface CountedCall {
  method: string;
  path: string;
}

export interface TransportOptions {
  dialer: Dialer;
  credentials: Credentials;
  /** Told each call as it is sent, tries included. */
  countCall: ((call: CountedCall) => void) | undefined;
}

/** How long an answer may pause. */
const silenceMs = 30_000;
const maxAnswer = 64 * 1024 * 1024;
const maxRetryAfterMs = 5_000;

/** All calls over one HTTP/2 connection where the server speaks it: the watch keeps it open, so no call waits for a TLS handshake. */
export function createTransport({dialer, credentials, countCall}: TransportOptions): Transport {
  const {server} = dialer;
  const spare = createSpareSocket(credential => dialer.dial(credential, ['http/1.1']));
  let channel: {http: HttpChannel; cert: Credential['cert']} | undefined;

  function channelFor(credential: Credential): HttpChannel {
    if (channel && channel.cert !== credential.cert) {
      // The old certificate belongs to the old connection: calls under way finish on it.
      channel.http.retire();
      channel = undefined;
    }
    channel ??= {
      cert: credential.cert,
      http: createHttpChannel(server, protocols => dialer.dial(credential, protocols)),
    };
    return channel.http;
  }

  /** One try. */
  async function sendOnce(call: ApiCall, credential: Credential): Promise<HttpAnswer> {
    countCall?.({method: call.method, path: call.path});
    try {
      return await channelFor(credential).request({
        method: call.method,
        path: pathOf(server, call),
        headers: {
          ...credential.headers,
          accept: 'application/json',
          'user-agent': 'badidea',
          ...(call.body ? {'content-type': call.contentType ?? 'application/json'} : {}),
        },
        body: call.body ? JSON.stringify(call.body) : undefined,
        signal: call.signal,
      });
    } catch (error) {
      throw connectionFailure(error, server);
    }
  }

  async function send(call: ApiCall): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      const credential = await credentials.current();
      const answer = await sendOnce(call, credential).catch((error: unknown) => {
        // Asking or deleting twice is as good as once.
        const harmless = call.method === 'GET' || call.method === 'DELETE';
        const lost = error instanceof Unavailable && error.reason === 'connection';
        if (!harmless || !lost || attempt > 1) throw error;
        return undefined;
      });
      if (!answer) continue;
      if (answer.status < 300) return answer;
      const body = await bodyText(answer, call);
      if (attempt === 1 && answer.status === 401 && credentials.refuse(credential)) continue;
      const wait = answer.status === 429 && attempt <= 3 ? retryAfterMs(answer, body) : undefined;
      if (wait === undefined) throw failureOf(answer.status, body);
      await sleep(wait, undefined, call.signal ? {signal: call.signal} : {});
    }
  }

  async function bodyText({body}: HttpAnswer, call: ApiCall): Promise<string> {
    const timer = setTimeout(
      () => body.destroy(new Unavailable('The API server stopped in its answer.')),
      silenceMs,
    );
    try {
      const parts: Buffer[] = [];
      let length = 0;
      for await (const part of body as AsyncIterable<Buffer>) {
        timer.refresh();
        length += part.length;
        if (length > maxAnswer)
          throw new Unavailable(`The API server's answer to ${call.method} ${call.path} is too large.`);
        parts.push(part);
      }
      return Buffer.concat(parts, length).toString();
    } catch (error) {
      throw connectionFailure(error, server);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    server,
    async json<T>(call: ApiCall): Promise<T> {
      const body = await bodyText(await send(call), call);
      try {
        const value: T = JSON.parse(body);
        return value;
      } catch (error) {
        // A sign-in page of a hotel or a gateway, most likely.
        throw new Unavailable(
          `What answers at ${server.host} is no API server: it sent something other than JSON.`,
          {
            cause: error,
          },
        );
      }
    },
    async text(call) {
      return await bodyText(await send(call), call);
    },
    async stream(call) {
      return (await send(call)).body;
    },
    async upgrade(call) {
      const credential = await credentials.current();
      const url = new URL(pathOf(server, call), server);
      try {
        const socket = (await spare.take(credential)) ?? (await dialer.dial(credential, ['http/1.1']));
        countCall?.({method: call.method, path: call.path});
        return {url, credential, socket};
      } catch (error) {
        throw connectionFailure(error, server);
      }
    },
    refuse: credential => credentials.refuse(credential),
    warm() {
      credentials.current().then(spare.warm, () => {});
    },
    reset() {
      spare.drop();
      channel?.http.destroy();
      channel = undefined;
    },
  };
}

function pathOf(server: URL, {path, query = {}}: ApiCall): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) parameters.append(name, String(one));
    }
  }
  const search = parameters.size > 0 ? `?${parameters.toString()}` : '';
  // Clusters behind Rancher and the like live below a path of their server.
  return `${server.pathname.replace(/\/$/, '')}${path}${search}`;
}

function retryAfterMs(answer: HttpAnswer, body: string): number | undefined {
  const seconds = Number(
    answer.headers['retry-after'] ?? parseStatus(body)?.details?.retryAfterSeconds ?? Number.NaN,
  );
  const ms = seconds * 1000;
  return ms >= 0 && ms <= maxRetryAfterMs ? ms : undefined;
}
