import {connect, type NetConnectOpts, type Socket} from 'node:net';

import {DrainingDuplex} from '../../src/cluster/draining-duplex.ts';
import {NotReady, Unavailable} from '../../src/errors.ts';

/** A local connection as the byte stream that `Cluster.connect` gives. */
export class SocketStream extends DrainingDuplex {
  readonly #socket: Socket;

  constructor(options: NetConnectOpts) {
    super();
    const socket = connect(options);
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('error', error => {
      this.fail(new NotReady(`error forwarding port: ${error.message}`));
    });
    socket.on('end', () => {
      this.once('end', () => this.destroy());
      this.push(null);
    });
  }

  /** The connection breaks between the API server and us. */
  cut(): void {
    this.destroy(
      new Unavailable('The connection to the container was lost: cut by the test.', {reason: 'connection'}),
    );
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#socket.write(chunk, () => callback());
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#socket.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket.destroy();
    callback(error);
  }
}
