import {type ClientHttp2Stream, connect, constants} from 'node:http2';
import type {TLSSocket} from 'node:tls';

import {headersTimeoutMs, type HttpAnswer, type HttpRequest} from './http-exchange.ts';

export interface Http2Connection {
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Told, perhaps more than once, that it takes no more requests. */
  onGone(listener: () => void): void;
  close(): void;
  destroy(): void;
}

/** The server says, or the connection was gone before, that it did nothing for this request: it may be sent again on another connection. */
export class NotProcessed extends Error {}

/** As client-go: a silent connection is asked after 30 s and given up 15 s later. */
const pingMs = 30_000;
const pongMs = 15_000;
const streamWindow = 1024 * 1024;
const connectionWindow = 4 * streamWindow;

/** An HTTP/2 connection over a connected socket. An error listener is on everything that can fail. */
export function openHttp2(server: URL, socket: TLSSocket): Http2Connection {
  const session = connect(server.origin, {
    createConnection: () => socket,
    settings: {enablePush: false, initialWindowSize: streamWindow},
  });
  // Its requests fail with it, and tell.
  session.on('error', () => {});
  session.on('close', () => clearInterval(timer));
  session.once('connect', () => session.setLocalWindowSize(connectionWindow));
  const timer = setInterval(checkAlive, pingMs).unref();

  function checkAlive() {
    if (session.closed || session.destroyed) return;
    const giveUp = setTimeout(() => session.destroy(lost('the connection answers no more')), pongMs).unref();
    session.ping(() => clearTimeout(giveUp));
  }

  function request({method, path, headers, body, signal}: HttpRequest): Promise<HttpAnswer> {
    if (session.closed || session.destroyed)
      return Promise.reject(new NotProcessed('the connection is gone'));
    const stream = session.request(
      {...headers, ':method': method, ':path': path},
      {endStream: body === undefined},
    );
    const answer = answerOf(stream, signal);
    if (body !== undefined) stream.end(body);
    return answer;
  }

  return {
    request,
    onGone: listener => void session.on('error', listener).on('goaway', listener).on('close', listener),
    close: () => session.close(),
    destroy: () => session.destroy(),
  };
}

function answerOf(stream: ClientHttp2Stream, signal: AbortSignal | undefined): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => stream.destroy(lost('no answer in time', 'ETIMEDOUT')), headersTimeoutMs);
    const onAbort = () => stream.destroy(errorOf(signal?.reason));
    signal?.addEventListener('abort', onAbort, {once: true});
    if (signal?.aborted) onAbort();
    stream.once('response', headers => {
      clearTimeout(timer);
      resolve({status: Number(headers[':status']), headers, body: stream});
    });
    // Some ways to lose the connection look like an ordinary end of the body; this event tells them apart.
    stream.once('aborted', () => stream.destroy(lost('the connection was lost')));
    stream.on('error', error => {
      const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      reject(refused ? new NotProcessed(error.message) : error);
    });
    stream.once('close', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      // Of no effect after an answer or an error.
      reject(lost('the connection was lost'));
    });
  });
}

function lost(message: string, code = 'ECONNRESET'): Error {
  return Object.assign(new Error(message), {code});
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
