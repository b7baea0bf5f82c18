import {WebSocket} from 'ws';

import {CommandFailed, type DaemonError, Unavailable} from '../errors.ts';
import {DrainingDuplex} from './draining-duplex.ts';
import {execFailureOf, parseStatus} from './failures.ts';

/** Channels of `v5.channel.k8s.io` (KEP-4006): the first byte of each message. */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const CLOSE = 255;

/** The best of 4–128 KiB in throughput, and it does not hold a keystroke up for long. */
const frameBytes = 32 * 1024;
const highWater = 256 * 1024;
const maxStderr = 8 * 1024;
const pingMs = 20_000;
const silenceMs = 55_000;
/** The server answers no ping while it cannot hand on our stdin (its reader is one loop), so patience is longer then. */
const stalledSilenceMs = 5 * 60_000;
/** Waking from sleep: a connection that does not answer within this has not survived it. */
const probeMs = 5_000;
/** How long output may still come after the status; the server closes the connection right behind it. */
const lingerMs = 1_000;

/**
 * An exec WebSocket as a byte stream: written bytes are the command's stdin, read bytes its stdout. Ends when the command ended with 0, else with an error.
 * Memory is bounded in both directions: a slow reader pauses the socket, a slow command holds the writer's callback.
 */
export class ExecStream extends DrainingDuplex {
  readonly #ws: WebSocket;
  #heard = performance.now();
  #stderr = '';
  #outcome: DaemonError | 'success' | undefined;
  #concluded = false;
  #ping: NodeJS.Timeout;
  #linger: NodeJS.Timeout | undefined;

  constructor(ws: WebSocket) {
    super({writableHighWaterMark: highWater, readableHighWaterMark: highWater});
    this.#ws = ws;
    ws.on('message', data => this.#receive(data));
    ws.on('pong', () => (this.#heard = performance.now()));
    ws.on('error', error =>
      this.destroy(
        new Unavailable(`The exec connection failed: ${error.message}`, {reason: 'connection', cause: error}),
      ),
    );
    ws.on('close', () => this.#conclude());
    this.#ping = setInterval(() => this.#checkAlive(), pingMs).unref();
  }

  /** Finds out soon whether the connection is still there; for a laptop that woke up. */
  probe(): void {
    const asked = performance.now();
    if (this.destroyed) return;
    this.#ws.ping();
    setTimeout(() => {
      if (this.#heard < asked && !this.#ws.isPaused) this.#lost('it did not survive the sleep');
    }, probeMs).unref();
  }

  override _read(): void {
    if (this.#ws.isPaused) {
      this.#heard = performance.now();
      this.#ws.resume();
    }
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    // The command has ended: what it did not read is of no interest to it, as with a pipe whose reader is gone.
    if (this.#outcome || this.#ws.readyState !== WebSocket.OPEN) return callback();
    let start = 0;
    for (; start + frameBytes < chunk.length; start += frameBytes) {
      this.#ws.send(frame(chunk, start), ignore);
    }
    const last = frame(chunk, start);
    if (this.#ws.bufferedAmount < highWater) {
      this.#ws.send(last, ignore);
      callback();
    } else {
      this.#ws.send(last, () => callback());
    }
  }

  override _final(callback: (error?: Error | null) => void): void {
    // Before v5 there is no half-close; the command sees the end of its stdin when the connection closes.
    if (this.#ws.protocol.startsWith('v5') && this.#ws.readyState === WebSocket.OPEN) {
      this.#ws.send(Buffer.from([CLOSE, STDIN]), () => callback());
    } else callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearInterval(this.#ping);
    clearTimeout(this.#linger);
    this.#ws.terminate();
    callback(error);
  }

  #receive(data: WebSocket.RawData) {
    this.#heard = performance.now();
    if (!Buffer.isBuffer(data) || data.length === 0) return;
    const content = data.subarray(1);
    switch (data[0]) {
      case STDOUT:
        if (content.length > 0 && !this.push(content)) this.#ws.pause();
        return;
      case STDERR:
        this.#stderr = (this.#stderr + content.toString()).slice(-maxStderr);
        return;
      case STATUS:
        this.#outcome = outcomeOf(content.toString(), this.#stderr);
        this.#linger = setTimeout(() => this.#conclude(), lingerMs);
        return;
      default:
        // Some servers open each channel, stdin too, with an empty message.
        if (data[0] === STDIN && content.length === 0) return;
        this.#lost(`the API server wrote on channel ${data[0]}, which is none of its own`);
    }
  }

  /** The connection is over, or should be. */
  #conclude() {
    if (this.#concluded) return;
    this.#concluded = true;
    clearTimeout(this.#linger);
    clearInterval(this.#ping);
    if (!this.#outcome) return this.#lost('it was closed before the command ended');
    if (this.#outcome !== 'success') return this.fail(this.#outcome);
    this.once('end', () => this.destroy());
    this.push(null);
  }

  #lost(why: string) {
    this.fail(new Unavailable(`The connection to the container was lost: ${why}.`, {reason: 'connection'}));
  }

  #checkAlive() {
    const silent = performance.now() - this.#heard;
    const stalled = this.#ws.bufferedAmount > 0;
    // While we do not read we cannot hear either.
    if (!this.#ws.isPaused && silent > (stalled ? stalledSilenceMs : silenceMs)) {
      this.#lost('nothing was heard of it any more');
    } else this.#ws.ping(ignore);
  }
}

function frame(chunk: Buffer, start: number): Buffer {
  const end = Math.min(start + frameBytes, chunk.length);
  const message = Buffer.allocUnsafe(end - start + 1);
  message[0] = STDIN;
  chunk.copy(message, 1, start, end);
  return message;
}

function outcomeOf(text: string, stderr: string): DaemonError | 'success' {
  const status = parseStatus(text);
  if (status?.status === 'Success') return 'success';
  const cause = status?.details?.causes?.find(({reason}) => reason === 'ExitCode');
  const code = Number(cause?.message);
  const message = stderr.trim() || status?.message || text;
  if (cause && Number.isInteger(code)) return new CommandFailed(message, code);
  return execFailureOf(status?.code ?? 500, text);
}

function ignore() {}
