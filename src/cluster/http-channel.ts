import type {Socket} from 'node:net';
import {TLSSocket} from 'node:tls';

import {Pool} from 'undici';

import {headersTimeoutMs, type HttpAnswer, type HttpRequest} from './http-exchange.ts';
import {openHttp2, type Http2Connection, NotProcessed} from './http2-connection.ts';

export interface HttpChannel {
  /** Rejects with the errors of sockets; nothing has been done by the server if it rejects with NotProcessed. */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** No new requests; those under way finish. */
  retire(): void;
  destroy(): void;
}

/**
 * HTTP/2 over one connection, made when it is first needed and again when it is gone; a pool of HTTP/1.1 connections where the server speaks no HTTP/2.
 * The HTTP/2 side is on `node:http2`: undici's (8.12.4) leaves streams without an error listener, and a lost connection then ends the process.
 */
export function createHttpChannel(server: URL, dial: (protocols: string[]) => Promise<Socket>): HttpChannel {
  let connection: Promise<Http2Connection | Pool> | undefined;
  let newest: Http2Connection | undefined;
  let pool: Pool | undefined;

  async function connect(): Promise<Http2Connection | Pool> {
    if (pool) return pool;
    const socket = await dial(['h2', 'http/1.1']);
    if (socket instanceof TLSSocket && socket.alpnProtocol === 'h2') {
      const opened = openHttp2(server, socket);
      newest = opened;
      opened.onGone(() => {
        if (newest === opened) forget();
      });
      return opened;
    }
    pool = createPool(socket);
    return pool;
  }

  function createPool(first: Socket): Pool {
    let ready: Socket | undefined = first;
    return new Pool(server.origin, {
      allowH2: false,
      // Below the API server's 90 s, so that it is never the one to close an idle connection under a new call.
      keepAliveTimeout: 60_000,
      keepAliveMaxTimeout: 60_000,
      headersTimeout: headersTimeoutMs,
      // The reader of a body has a clock of its own.
      bodyTimeout: 0,
      connect: (_options, callback) => {
        const socket = ready ? Promise.resolve(ready) : dial(['http/1.1']);
        ready = undefined;
        void giveTo(callback, socket);
      },
    });
  }

  function current(): Promise<Http2Connection | Pool> {
    if (!connection) {
      connection = connect();
      connection.catch(forget);
    }
    return connection;
  }

  function forget() {
    connection = undefined;
  }

  return {
    async request(request) {
      for (let attempt = 1; ; attempt++) {
        const used = await current();
        try {
          return used instanceof Pool ? await requestFromPool(used, request) : await used.request(request);
        } catch (error) {
          if (!(error instanceof NotProcessed) || attempt > 1) throw error;
          if (newest === used) forget();
        }
      }
    },
    retire() {
      connection?.then(
        used => (used instanceof Pool ? void used.close() : used.close()),
        () => {},
      );
    },
    destroy() {
      connection?.then(
        used => (used instanceof Pool ? void used.destroy() : used.destroy()),
        () => {},
      );
      pool = undefined;
      forget();
    },
  };
}

async function requestFromPool(
  pool: Pool,
  {method, path, headers, body, signal}: HttpRequest,
): Promise<HttpAnswer> {
  const answer = await pool.request({
    path,
    headers,
    method,
    body: body ?? null,
    signal: signal ?? null,
  });
  // Who stops reading destroys the body; its last error is of interest to nobody then.
  answer.body.on('error', () => {});
  return {status: answer.statusCode, headers: answer.headers, body: answer.body};
}

type Callback = (...result: [null, Socket] | [Error, null]) => void;

async function giveTo(callback: Callback, socket: Promise<Socket>): Promise<void> {
  let connected: Socket;
  try {
    connected = await socket;
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)), null);
    return;
  }
  callback(null, connected);
}
