import type {ChildProcessWithoutNullStreams} from 'node:child_process';

import {DrainingDuplex} from '../../src/cluster/draining-duplex.ts';
import {CommandFailed, Unavailable} from '../../src/errors.ts';

/** A local process as the byte stream that `Cluster.exec` gives: stdin and stdout, and its stderr in the error of a failure. */
export class ProcessStream extends DrainingDuplex {
  readonly #child: ChildProcessWithoutNullStreams;
  #stderr = '';

  constructor(child: ChildProcessWithoutNullStreams) {
    super();
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stderr.on(
      'data',
      (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-8192)),
    );
    // A command need not read its stdin.
    child.stdin.on('error', () => {});
    child.on('error', error => this.fail(new CommandFailed(error.message, 127)));
    child.on('close', code => {
      if (code !== 0) return this.fail(new CommandFailed(this.#stderr.trim(), code ?? 137));
      this.once('end', () => this.destroy());
      this.push(null);
    });
  }

  /** The connection breaks; the process only sees the end of its stdin. */
  cut(): void {
    this.destroy(
      new Unavailable('The connection to the container was lost: cut by the test.', {reason: 'connection'}),
    );
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, () => callback());
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#child.stdin.destroy();
    this.#child.stdout.removeAllListeners('data').resume();
    callback(error);
  }
}
