import {Duplex, type DuplexOptions} from 'node:stream';

/** A Duplex whose failure comes after the last byte that was there to read, where `destroy` alone would throw these bytes away. */
export abstract class DrainingDuplex extends Duplex {
  #failure: Error | undefined;

  constructor(options: DuplexOptions = {}) {
    super(options);
    // Whoever uses it listens; a connection that is lost in between must not end the daemon.
    this.on('error', () => {});
  }

  /** Ends the stream with this error, once its reader has taken what is buffered. */
  protected fail(error: Error): void {
    if (this.readableLength === 0) this.destroy(error);
    else this.#failure ??= error;
  }

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    const failure = this.#failure;
    if (failure && this.readableLength === 0) queueMicrotask(() => this.destroy(failure));
    return chunk;
  }
}
