import type {IncomingMessage} from 'node:http';
import type {Socket} from 'node:net';
import {addAbortSignal} from 'node:stream';

import {WebSocket} from 'ws';

import {Unavailable} from '../errors.ts';
import type {Credential} from './credential.ts';
import {ExecStream} from './exec-stream.ts';
import {connectionFailure, execFailureOf} from './failures.ts';
import type {ApiCall, Transport} from './transport.ts';

export interface ExecRequest {
  transport: Transport;
  namespace: string;
  pod: string;
  container: string;
  command: string[];
  signal?: AbortSignal | undefined;
}

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const handshakeTimeoutMs = 30_000;
const maxMessage = 32 * 1024 * 1024;
const maxRefusal = 64 * 1024;

/**
 * Runs a command in a container and resolves with its streams. A refusal is read to its end and becomes our error. API servers before 1.36 accept first and
 * ask the kubelet afterwards: then the same error ends the stream instead.
 */
export async function openExec(request: ExecRequest): Promise<ExecStream> {
  const {transport, signal} = request;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const {url, credential, socket} = await transport.upgrade(callOf(request));
    const stream = await handshake({url, credential, socket, signal}).catch((error: unknown) => {
      socket.destroy();
      if (attempt === 1 && error instanceof Refused && error.code === 401 && transport.refuse(credential))
        return undefined;
      throw error instanceof Refused
        ? execFailureOf(error.code, error.body)
        : connectionFailure(error, transport.server);
    });
    if (stream) return stream;
  }
}

function callOf({namespace, pod, container, command}: ExecRequest): ApiCall {
  return {
    method: 'GET',
    path: `/api/v1/namespaces/${namespace}/pods/${pod}/exec`,
    query: {container, command, stdin: 'true', stdout: 'true', stderr: 'true', tty: 'false'},
  };
}

/** The server answered the handshake with an ordinary HTTP answer. */
class Refused extends Error {
  readonly code: number;
  readonly body: string;

  constructor(code: number, body: string) {
    super(`the upgrade was answered with ${code}`);
    this.code = code;
    this.body = body;
  }
}

interface Handshake {
  url: URL;
  credential: Credential;
  socket: Socket;
  signal: AbortSignal | undefined;
}

function handshake({url, credential, socket, signal}: Handshake): Promise<ExecStream> {
  const ws = new WebSocket(url, protocols, {
    headers: {...credential.headers, 'user-agent': 'badidea'},
    createConnection: () => socket,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: maxMessage,
    handshakeTimeout: handshakeTimeoutMs,
    // Masking guards plain-text proxies against forged requests (RFC 6455 section 10.3); within TLS it only costs time. A mask of zeros is none.
    ...(url.protocol === 'https:' ? {generateMask: (mask: Buffer) => void mask.fill(0)} : {}),
  });
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal?.reason);
      ws.terminate();
    };
    signal?.addEventListener('abort', onAbort, {once: true});
    const settled = () => signal?.removeEventListener('abort', onAbort);
    // For as long as it lives: giving up a handshake makes one more error.
    ws.on('error', error => {
      settled();
      reject(error);
    });
    // The stream listens before the first message can be there.
    ws.once('upgrade', () => {
      const stream = new ExecStream(ws);
      ws.once('open', () => {
        settled();
        if (signal) addAbortSignal(signal, stream);
        resolve(stream);
      });
      stream.once('error', reject);
    });
    ws.once('unexpected-response', (_request, response) => {
      readRefusal(response).then(
        body => reject(new Refused(response.statusCode ?? 0, body)),
        () =>
          reject(
            new Unavailable('The API server broke off while it refused the exec.', {reason: 'connection'}),
          ),
      );
    });
  });
}

async function readRefusal(response: IncomingMessage): Promise<string> {
  let body = '';
  response.setEncoding('utf8');
  for await (const part of response) {
    body += String(part);
    if (body.length > maxRefusal) break;
  }
  return body;
}
