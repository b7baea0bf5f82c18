import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {createSecureServer, type Http2SecureServer} from 'node:http2';
import {createServer as createTlsServer} from 'node:https';
import type {AddressInfo, Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {dump} from 'js-yaml';
import {onTestFinished} from 'vitest';
import {type WebSocket, WebSocketServer} from 'ws';

import {type Connection, connectCluster, type ConnectOptions} from '../../src/cluster/connect.ts';
import {makePki} from '../cluster/pki.ts';

export interface Question {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface FakeApiOptions {
  /** `h2` offers HTTP/2 and HTTP/1.1 as the real one does. */
  speaks?: 'h2' | 'http/1.1' | 'plain';
  protocols?: string[];
  answer?: (question: Question, response: ServerResponse) => void;
  /** A WebSocket that was accepted, for an exec or a port; without it every upgrade goes to `answer` as a question. */
  exec?: (socket: WebSocket, question: Question) => void;
}

export interface FakeApi {
  url: string;
  questions: Question[];
  /** Connections so far. */
  connections(): number;
  /** Breaks all open ones. */
  cut(): void;
  /** The text of a kubeconfig; the user and the cluster can be said more of. */
  kubeconfig(more?: {user?: object; cluster?: object}): string;
  connect(more?: {user?: object; cluster?: object} & Partial<ConnectOptions>): Promise<Connection>;
}

// Keys cost time to make, and all tests of a file can share them.
const pki = await makePki(['127.0.0.1']);

/** Something that answers like an API server as far as the test says, on a port of its own, until the test ends. */
export async function fakeApi(options: FakeApiOptions): Promise<FakeApi> {
  const sockets = new Set<Socket>();
  const questions: Question[] = [];
  let connections = 0;
  const server = createFor(options.speaks ?? 'h2', (request, response) => {
    void ask(request).then(question => options.answer?.(question, response));
  });
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const protocols = options.protocols ?? ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
  const webSockets = new WebSocketServer({
    noServer: true,
    handleProtocols: offered => protocols.find(protocol => offered.has(protocol)) ?? false,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const question = questionOf(request, '');
    questions.push(question);
    if (options.exec) {
      webSockets.handleUpgrade(request, socket, head, webSocket => options.exec?.(webSocket, question));
    } else options.answer?.(question, rawResponse(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function ask(request: IncomingMessage): Promise<Question> {
    let body = '';
    for await (const part of request) body += String(part);
    const question = questionOf(request, body);
    questions.push(question);
    return question;
  }

  function cut() {
    for (const socket of sockets) socket.destroy();
  }

  const {port} = server.address() as AddressInfo;
  const url = `${options.speaks === 'plain' ? 'http' : 'https'}://127.0.0.1:${port}`;
  onTestFinished(() => {
    server.close();
    cut();
  });

  function kubeconfig({
    user = {token: 'sesame'},
    cluster = {},
  }: {user?: object; cluster?: object} = {}): string {
    const authority = Buffer.from(pki.ca).toString('base64');
    return dump({
      'current-context': 'fake',
      contexts: [{name: 'fake', context: {cluster: 'fake', user: 'fake', namespace: 'room'}}],
      clusters: [{name: 'fake', cluster: {server: url, 'certificate-authority-data': authority, ...cluster}}],
      users: [{name: 'fake', user}],
    });
  }

  return {
    url,
    questions,
    connections: () => connections,
    cut,
    kubeconfig,
    async connect({user, cluster, ...more} = {}) {
      const file = temporaryFile(
        'kubeconfig',
        kubeconfig({...(user ? {user} : {}), ...(cluster ? {cluster} : {})}),
      );
      const connection = await connectCluster({
        kubeconfig: file,
        owner: 'tester',
        log: () => {},
        env: {},
        ...more,
      });
      onTestFinished(async () => await connection.close());
      return connection;
    },
  };
}

/** A file that is gone after the test. */
export function temporaryFile(name: string, content: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), 'badidea-cluster-room-'));
  onTestFinished(() => rmSync(folder, {recursive: true, force: true}));
  const path = join(folder, name);
  writeFileSync(path, content, {mode});
  return path;
}

export function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body));
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function createFor(speaks: 'h2' | 'http/1.1' | 'plain', handler: Handler): Http2SecureServer | Server {
  if (speaks === 'plain') return createServer(handler);
  const material = {
    key: pki.serverKey,
    cert: pki.serverCertificate,
    ca: pki.ca,
    requestCert: true,
    rejectUnauthorized: false,
  };
  if (speaks === 'http/1.1') return createTlsServer(material, handler);
  // The compatibility API of node:http2 is the one of node:http as far as these tests go.
  return createSecureServer({...material, allowHTTP1: true}, handler as never);
}

function questionOf(request: IncomingMessage, body: string): Question {
  const url = new URL(request.url ?? '/', 'http://fake');
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body,
  };
}

/** An HTTP answer written by hand: there is no ServerResponse for an upgrade. */
function rawResponse(socket: Socket): ServerResponse {
  let head = '';
  const response = {
    writeHead(status: number) {
      head = `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nConnection: close\r\n`;
      return response;
    },
    end(body: string) {
      socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    },
  };
  return response as never;
}
