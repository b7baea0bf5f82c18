import {
  createServer as createHttpServer,
  ServerResponse,
  type IncomingMessage,
  type Server,
  type ServerOptions,
} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import type {AddressInfo, Socket} from 'node:net';

import {Exchange, type ExchangeSettings, type FailureListener} from './exchange.ts';
import {closeGently} from './raw-stream.ts';
import type {ReplyHeaders} from './reply.ts';
import type {Handler} from './request.ts';

export interface HttpServerOptions {
  handler: Handler;
  /** put on every reply */
  headers: ReplyHeaders;
  onFailure: FailureListener;
}

/** PEM texts; clients must show a certificate of this authority. */
export interface TlsMaterial {
  key: string;
  cert: string;
  ca: string;
}

/** Told why the TLS handshake turned a client away: all that it sees itself is the end of its connection. */
export type RefusalListener = (reason: string) => void;

export interface RunningServer {
  /** the TCP port; undefined on a Unix socket */
  readonly port: number | undefined;
  /** Ends what is open: streams get `graceMilliseconds` to say goodbye, then their connections are destroyed. */
  close(options?: {graceMilliseconds?: number}): Promise<void>;
}

export interface RunningTlsServer extends RunningServer {
  /** New connections use the new certificates. */
  renew(material: TlsMaterial): void;
}

/** Go's own limit; dockerode repeats the create request in the query, which is part of the head. */
const serverOptions = {
  maxHeaderSize: 1024 * 1024,
  // uploads and streams take as long as they take
  requestTimeout: 0,
  headersTimeout: 60_000,
  // Go keeps idle connections for 90 s and must not lose one just as it uses it
  keepAliveTimeout: 130_000,
  // h2c (buildx) stays an ordinary request and gets a readable refusal
  shouldUpgradeCallback: (message: IncomingMessage) => message.headers.upgrade?.toLowerCase() === 'tcp',
} satisfies ServerOptions;

const connectionLimit = 1024;

/** Serves on a Unix socket that only this user can open. The folder is the caller's care; a stale socket file must be gone. */
export async function listenOnUnixSocket(path: string, options: HttpServerOptions): Promise<RunningServer> {
  const server = createHttpServer(serverOptions);
  const running = serve(server, options, undefined);
  const umask = process.umask(0o177);
  try {
    // binds within the call, so the mask is in force for nothing else
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  await listening(server);
  return running;
}

/** Serves on TCP to clients with a certificate. `hosts`: the names and addresses under which it may be called, beside the loopback ones. */
export async function listenOnTls(
  {
    host,
    port,
    material,
    hosts = [],
  }: {host: string; port: number; material: TlsMaterial; hosts?: readonly string[]},
  options: HttpServerOptions & {onRefused?: RefusalListener},
): Promise<RunningTlsServer> {
  const server = createTlsServer({
    ...serverOptions,
    ...material,
    // else what is written after the client's half-close is lost
    allowHalfOpen: true,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  });
  server.on('tlsClientError', (error, socket) => {
    // of a certificate that does not verify the reason is on the socket
    options.onRefused?.(socket.authorizationError ? String(socket.authorizationError) : error.message);
  });
  const running = serve(
    server,
    options,
    new Set([...loopbackNames, ...hosts.map(name => name.toLowerCase())]),
  );
  server.listen({host, port});
  await listening(server);
  return Object.assign(running, {renew: (renewed: TlsMaterial) => server.setSecureContext(renewed)});
}

/** docker and compose call themselves to api.moby.localhost when they think of a socket */
const loopbackNames = ['127.0.0.1', 'localhost', '[::1]', 'api.moby.localhost'];

function serve(
  server: Server,
  options: HttpServerOptions,
  hosts: ReadonlySet<string> | undefined,
): RunningServer {
  const stopping = new AbortController();
  const settings: ExchangeSettings = {...options, hosts, stopping: stopping.signal};
  const sockets = new Set<Socket>();
  const open = new Set<Promise<void>>();
  let requests = 0;
  const exchange = (message: IncomingMessage, response: ServerResponse, socket?: Socket): void => {
    const running = new Exchange(settings, {id: `r${++requests}`, message, response, socket}).run();
    open.add(running);
    void running.finally(() => open.delete(running));
  };

  keepHalfOpen(server);
  server.maxConnections = connectionLimit;
  // the raw TCP connection below TLS counts here, so that a stalled handshake ends with the server
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.setKeepAlive(true, 30_000);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (message, response) => exchange(message, response));
  server.on('upgrade', (message, socket, head) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the event's own type is wider than what a response takes
    const connection = socket as Socket;
    connection.on('error', () => {});
    if (head.length > 0) connection.unshift(head);
    exchange(message, responseOn(connection, message), connection);
  });
  return {
    get port() {
      return portOf(server);
    },
    async close({graceMilliseconds = 2000} = {}) {
      stopping.abort();
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMilliseconds);
      await Promise.all(open);
      await new Promise<void>(resolve => server.close(() => resolve()));
      clearTimeout(timer);
    },
  };
}

/** On an upgrade Node gives no response object; with one, both kinds of request are answered by the same code. */
function responseOn(socket: Socket, message: IncomingMessage): ServerResponse {
  const response = new ServerResponse(message);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => {
    response.detachSocket(socket);
    closeGently(socket);
  });
  return response;
}

/**
 * A client may close its half before it has the answer. Node's own switch for that is not in its documentation; without it a request whose
 * sender half-closes is thrown away.
 */
function keepHalfOpen(server: Server): void {
  Object.assign(server, {httpAllowHalfOpen: true});
}

function portOf(server: Server): number | undefined {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' ? address?.port : undefined;
}

async function listening(server: Server): Promise<void> {
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  server.once('listening', resolve).once('error', reject);
  await promise;
  server.off('error', reject);
}
