import {WebSocket} from 'ws';

import {type DaemonError, Unavailable} from '../errors.ts';
import {DrainingDuplex} from './draining-duplex.ts';

/** What we write goes on this channel, for a command and for a port alike. */
export const WRITTEN = 0;

/** The best of 4–128 KiB in throughput, and it does not hold a keystroke up for long. */
const frameBytes = 32 * 1024;
const highWater = 256 * 1024;
const pingMs = 20_000;
const silenceMs = 55_000;
/** The server answers no ping while it cannot hand on what we wrote (its reader is one loop), so patience is longer then. */
const stalledSilenceMs = 5 * 60_000;
/** Waking from sleep: a connection that does not answer within this has not survived it. */
const probeMs = 5_000;
/** How long output may still come after the outcome; the server closes the connection right behind it. */
const lingerMs = 1_000;

/**
 * A WebSocket of the `channel.k8s.io` family as a byte stream: the first byte of each message is its channel. Memory is bounded in both directions: a slow reader
 * pauses the socket, a slow other end holds the writer's callback.
 */
export abstract class ChannelStream extends DrainingDuplex {
  protected readonly ws: WebSocket;
  #heard = performance.now();
  #outcome: DaemonError | 'success' | undefined;
  #concluded = false;
  #ping: NodeJS.Timeout;
  #linger: NodeJS.Timeout | undefined;

  constructor(ws: WebSocket) {
    super({writableHighWaterMark: highWater, readableHighWaterMark: highWater});
    this.ws = ws;
    ws.on('message', data => {
      this.#heard = performance.now();
      if (Buffer.isBuffer(data) && data[0] !== undefined) this.receive(data[0], data.subarray(1));
    });
    ws.on('pong', () => (this.#heard = performance.now()));
    ws.on('error', error => this.destroy(lostBecause(error.message, error)));
    ws.on('close', code => {
      this.#outcome ??= this.outcomeOfClose(code);
      this.#conclude();
    });
    this.#ping = setInterval(() => this.#checkAlive(), pingMs).unref();
  }

  /** One message, without the byte of its channel. */
  protected abstract receive(channel: number, content: Buffer): void;

  /** What a close without an outcome means. `code` is the WebSocket's: 1000 for a farewell, 1006 for none. */
  protected abstract outcomeOfClose(code: number): DaemonError | 'success';

  /** Finds out soon whether the connection is still there; for a laptop that woke up. */
  probe(): void {
    const asked = performance.now();
    if (this.destroyed) return;
    this.ws.ping();
    setTimeout(() => {
      if (this.#heard < asked && !this.ws.isPaused) this.lost('it did not survive the sleep');
    }, probeMs).unref();
  }

  override _read(): void {
    if (this.ws.isPaused) {
      this.#heard = performance.now();
      this.ws.resume();
    }
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    // The other end is done: what it did not read is of no interest to it, as with a pipe whose reader is gone.
    if (this.#outcome || this.ws.readyState !== WebSocket.OPEN) return callback();
    let start = 0;
    for (; start + frameBytes < chunk.length; start += frameBytes) {
      this.ws.send(frame(chunk, start), ignore);
    }
    const last = frame(chunk, start);
    if (this.ws.bufferedAmount < highWater) {
      this.ws.send(last, ignore);
      callback();
    } else {
      this.ws.send(last, () => callback());
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearInterval(this.#ping);
    clearTimeout(this.#linger);
    this.ws.terminate();
    callback(error);
  }

  protected receiveBytes(content: Buffer): void {
    if (content.length > 0 && !this.push(content)) this.ws.pause();
  }

  /** How it went; bytes that are still under way come first. */
  protected settle(outcome: DaemonError | 'success'): void {
    this.#outcome ??= outcome;
    this.#linger ??= setTimeout(() => this.#conclude(), lingerMs);
  }

  protected lost(why: string): void {
    this.fail(lostBecause(why));
  }

  /** The connection is over, or should be. */
  #conclude() {
    if (this.#concluded) return;
    this.#concluded = true;
    clearTimeout(this.#linger);
    clearInterval(this.#ping);
    if (this.#outcome !== undefined && this.#outcome !== 'success') return this.fail(this.#outcome);
    this.once('end', () => this.destroy());
    this.push(null);
  }

  #checkAlive() {
    const silent = performance.now() - this.#heard;
    const stalled = this.ws.bufferedAmount > 0;
    // While we do not read we cannot hear either.
    if (!this.ws.isPaused && silent > (stalled ? stalledSilenceMs : silenceMs)) {
      this.lost('nothing was heard of it any more');
    } else this.ws.ping(ignore);
  }
}

/** The error of a connection that broke: nobody knows what of the last bytes arrived. */
export function lostBecause(why: string, cause?: Error): Unavailable {
  return new Unavailable(`The connection to the container was lost: ${why}.`, {reason: 'connection', cause});
}

function frame(chunk: Buffer, start: number): Buffer {
  const end = Math.min(start + frameBytes, chunk.length);
  const message = Buffer.allocUnsafe(end - start + 1);
  message[0] = WRITTEN;
  chunk.copy(message, 1, start, end);
  return message;
}

function ignore() {}
