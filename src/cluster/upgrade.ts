import type {IncomingMessage} from 'node:http';
import type {Socket} from 'node:net';
import {addAbortSignal} from 'node:stream';

import {WebSocket} from 'ws';

import {type DaemonError, Unavailable} from '../errors.ts';
import type {ChannelStream} from './channel-stream.ts';
import type {Credential} from './credential.ts';
import {connectionFailure} from './failures.ts';
import type {ApiCall, Transport} from './transport.ts';

export interface ChannelRequest<T extends ChannelStream> {
  transport: Transport;
  call: ApiCall;
  /** WebSocket subprotocols, the best first. */
  protocols: string[];
  streamOf: (ws: WebSocket) => T;
  /** The answer of a server that does not upgrade, as our error. */
  refusalOf: (code: number, body: string) => DaemonError;
  signal: AbortSignal | undefined;
}

const handshakeTimeoutMs = 30_000;
const maxMessage = 32 * 1024 * 1024;
const maxRefusal = 64 * 1024;

/** Opens a WebSocket to the API server and resolves once it is open. A refusal is read to its end; one for an expired credential is tried again with a new one. */
export async function openChannels<T extends ChannelStream>(request: ChannelRequest<T>): Promise<T> {
  const {transport, call, signal, refusalOf} = request;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const {url, credential, socket} = await transport.upgrade(call);
    const stream = await handshake({...request, url, credential, socket}).catch((error: unknown) => {
      socket.destroy();
      if (attempt === 1 && error instanceof Refused && error.code === 401 && transport.refuse(credential))
        return undefined;
      throw error instanceof Refused
        ? refusalOf(error.code, error.body)
        : connectionFailure(error, transport.server);
    });
    if (stream) return stream;
  }
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

interface Handshake<T> {
  url: URL;
  credential: Credential;
  socket: Socket;
  protocols: string[];
  streamOf: (ws: WebSocket) => T;
  signal: AbortSignal | undefined;
}

function handshake<T extends ChannelStream>(options: Handshake<T>): Promise<T> {
  const {url, credential, socket, protocols, streamOf, signal} = options;
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
      const stream = streamOf(ws);
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
        () => reject(new Unavailable('The API server broke off while it refused.', {reason: 'connection'})),
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
