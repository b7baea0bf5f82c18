import type {Readable} from 'node:stream';
import {finished} from 'node:stream/promises';
import {setTimeout as sleep} from 'node:timers/promises';

/** The streams by which clients read a container's output now. */
export class OutputReaders {
  readonly #open = new Set<Readable>();

  add(output: Readable): Readable {
    this.#open.add(output);
    output.once('close', () => this.#open.delete(output));
    return output;
  }

  /** Resolves when nobody reads any more, or after so many milliseconds. */
  async ended(patience?: number): Promise<void> {
    const all = Promise.all([...this.#open].map(output => finished(output).catch(() => {})));
    await (patience === undefined ? all : Promise.race([all, sleep(patience, undefined, {ref: false})]));
  }
}
