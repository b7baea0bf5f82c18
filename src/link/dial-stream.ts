import {Duplex} from 'node:stream';

import {LinkLost, ProtocolViolation} from './errors.ts';
import {FieldWriter} from './fields.ts';
import type {LinkStream} from './link-stream.ts';
import {messageType} from './messages.ts';
import {streamKind} from './stream-kinds.ts';
import type {Streams} from './streams.ts';
import {Tap} from './tap.ts';

const tcp = 6;
/** Linux's ECONNRESET: the agent resets the connection that it made. */
const connectionReset = 104;

/** A TCP connection that the agent made, usable before it is made: what is written meanwhile follows at once. Both directions end apart, as on a socket. */
export interface DialStream extends Duplex {
  /** Rejects with the error that also destroys the stream: `code` ECONNREFUSED and so on. */
  readonly connected: Promise<void>;
}

export function dialPayload(port: number, host: string): Buffer {
  return new FieldWriter().u8(streamKind.dial).u8(tcp).u16(port).bytes(host).finish();
}

/** Dials a port; an empty host is the container itself. */
export function openDial(streams: Streams, port: number, host: string): DialStream {
  return new DialDuplex(streams, port, host);
}

class DialDuplex extends Duplex implements DialStream {
  readonly connected: Promise<void>;
  readonly #connected = Promise.withResolvers<void>();
  readonly #stream: LinkStream;
  readonly #tap: Tap;
  #isConnected = false;
  #failure: Error | undefined;

  constructor(streams: Streams, port: number, host: string) {
    super({allowHalfOpen: true, readableHighWaterMark: 65_536, writableHighWaterMark: 65_536});
    this.connected = this.#connected.promise;
    this.connected.catch(() => {});
    this.on('error', () => {});
    this.#tap = new Tap(this, {stream: () => this.#stream, items: piece => [piece.bytes]});
    this.#stream = streams.open(dialPayload(port, host), {
      channels: [0],
      onReadable: () => this.#tap.move(),
      onMessage: message => {
        if (message !== messageType.connected || this.#isConnected) {
          throw new ProtocolViolation(`the agent sent the message ${message} on a dialled connection`);
        }
        this.#isConnected = true;
        this.#connected.resolve();
      },
      onFailed: error => this.#fail(error),
    });
  }

  override _read(): void {
    this.#tap.read();
  }

  /** What came before a reset is read first, then the error: a server may answer and reset. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    this.#settleFailure();
    return chunk;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#stream.write(chunk, callback);
  }

  override _final(callback: () => void): void {
    this.#stream.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#connected.reject(error ?? new LinkLost('the connection was closed before it was made'));
    this.#stream.reset(connectionReset);
    callback(error);
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#connected.reject(error);
    if (error instanceof LinkLost || !this.#isConnected) {
      this.destroy(error);
      return;
    }
    this.#tap.move();
    this.#settleFailure();
  }

  #settleFailure(): void {
    const failure = this.#failure;
    if (failure === undefined || this.destroyed || this.readableLength > 0 || !this.#stream.empty) return;
    process.nextTick(() => this.destroy(failure));
  }
}
