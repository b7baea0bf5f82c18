import type {IncomingMessage, ServerResponse} from 'node:http';
import type {Socket} from 'node:net';
import {Readable} from 'node:stream';

import {Unavailable} from '../errors.ts';
import {gatherBody} from './body.ts';
import {guardRequest} from './guard.ts';
import {closeGently, speakRaw, takeSocket} from './raw-stream.ts';
import type {HijackReply, Reply, ReplyHeaders, StreamReply, WholeReply} from './reply.ts';
import type {Handler, HttpRequest} from './request.ts';
import {replyForError, statusOf} from './status.ts';
import {readTarget} from './target.ts';
import {upgradeBody} from './upgrade.ts';
import {writePieces} from './write-pieces.ts';

/** What every request of a server has in common. */
export interface ExchangeSettings {
  handler: Handler;
  /** on every reply */
  headers: ReplyHeaders;
  hosts: ReadonlySet<string> | undefined;
  /** aborted when the server stops */
  stopping: AbortSignal;
  onFailure: FailureListener;
}

/** Told once of each request that failed for a reason that is not the client's. */
export type FailureListener = (failure: {
  requestId: string;
  method: string;
  path: string;
  error: unknown;
}) => void;

/** dockerode repeats the query of an attach in its body, in some hundred bytes. */
const unreadLimit = 1024 * 1024;

/** One request and its reply. `socket` is given when the client asked for an upgrade: then Node has let go of it already. */
export class Exchange {
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #socket: Socket | undefined;
  readonly #settings: ExchangeSettings;
  readonly #gone = new AbortController();
  readonly #id: string;
  #bodyTaken = false;

  constructor(settings: ExchangeSettings, {id, message, response, socket}: ExchangeParts) {
    this.#settings = settings;
    this.#message = message;
    this.#response = response;
    this.#socket = socket;
    this.#id = id;
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const {stopping} = this.#settings;
    const abort = (): void => this.#gone.abort(new Unavailable('the client has gone'));
    const stop = (): void => this.#gone.abort(new Unavailable('badidea is stopping; the container is not'));
    this.#message.socket.once('close', abort);
    stopping.addEventListener('abort', stop, {once: true});
    try {
      await this.#send(await this.#replyOrError());
    } catch (error) {
      if (!this.#gone.signal.aborted) this.#report(error);
      this.#message.socket.destroy();
    } finally {
      this.#message.socket.off('close', abort);
      stopping.removeEventListener('abort', stop);
      // whatever the handler opened for this request ends with it
      this.#gone.abort();
    }
  }

  async #replyOrError(): Promise<Reply> {
    try {
      if (this.#settings.stopping.aborted) throw new Unavailable('badidea is stopping');
      guardRequest(this.#message, this.#settings.hosts);
      return await this.#settings.handler(this.#request());
    } catch (error) {
      if (isFailure(error) && !this.#gone.signal.aborted) this.#report(error);
      return replyForError(error, this.#id);
    }
  }

  #request(): HttpRequest {
    const {method = 'GET', url = '/', headers} = this.#message;
    return {
      id: this.#id,
      method,
      ...readTarget(url),
      headers,
      upgrade: this.#socket !== undefined,
      signal: this.#gone.signal,
      body: limit =>
        gatherBody(this.#takeBody(), {length: this.#contentLength(), limit, signal: this.#gone.signal}),
      bodyStream: () => this.#bodyStream(),
    };
  }

  async #send(reply: Reply): Promise<void> {
    switch (reply.kind) {
      case 'whole':
        return this.#sendWhole(reply);
      case 'stream':
        return this.#sendStream(reply);
      case 'hijack':
        return this.#sendRaw(reply);
    }
  }

  #sendWhole({status, headers, body}: WholeReply): void {
    const length = status === 204 || status === 304 ? {} : {'Content-Length': Buffer.byteLength(body)};
    this.#response.writeHead(status, {...this.#settings.headers, ...length, ...headers});
    this.#response.end(body);
    // what was not read of the body is discarded: a close instead would reset the connection under the reply
    this.#message.resume();
  }

  /** A client that closes its half while a reply streams has gone: Go's server takes it so, and no client does otherwise. */
  async #sendStream({status, headers, pieces}: StreamReply): Promise<void> {
    const {socket} = this.#message;
    const abort = (): void => this.#gone.abort();
    socket.once('end', abort);
    this.#response.writeHead(status, {...this.#settings.headers, ...headers});
    this.#response.flushHeaders();
    try {
      await writePieces(this.#response, pieces);
      this.#response.end();
    } finally {
      socket.off('end', abort);
    }
  }

  async #sendRaw(reply: HijackReply): Promise<void> {
    // what the handler has not read of the body must not be taken for input
    const length = this.#contentLength();
    await gatherBody(this.#takeBody(), {length, limit: unreadLimit, signal: this.#gone.signal});
    const socket = this.#socket ?? takeSocket(this.#message, this.#response);
    if (this.#socket) this.#response.detachSocket(this.#socket);
    try {
      await speakRaw(socket, {reply, upgrade: this.#socket !== undefined, headers: this.#settings.headers});
    } catch (error) {
      this.#report(error);
    } finally {
      closeGently(socket);
    }
  }

  #takeBody(): AsyncIterable<Buffer> {
    if (this.#bodyTaken) return Readable.from([]);
    this.#bodyTaken = true;
    return this.#socket ? upgradeBody(this.#message, this.#socket) : unharmed(this.#message);
  }

  #bodyStream(): Readable {
    return this.#socket ? Readable.from(this.#takeBody()) : this.#message;
  }

  #contentLength(): number | undefined {
    const length = this.#message.headers['content-length'];
    return length === undefined ? undefined : Number(length);
  }

  #report(error: unknown): void {
    const {method = 'GET', url = ''} = this.#message;
    // the query may hold a whole create request: it is not for the log
    this.#settings.onFailure({requestId: this.#id, method, path: url.split('?', 1)[0] ?? '', error});
  }
}

/** A bug or an outage, for the log; a refusal is none. */
function isFailure(error: unknown): boolean {
  const status = statusOf(error);
  return status >= 500 && status !== 501;
}

/** The body by chunks; a reader that stops early leaves the connection alive, for the reply. */
function unharmed(message: IncomingMessage): AsyncIterable<Buffer> {
  return message.iterator({destroyOnReturn: false});
}

interface ExchangeParts {
  id: string;
  message: IncomingMessage;
  response: ServerResponse;
  socket: Socket | undefined;
}
