/**
 * The agent's word on a long transfer, which may come while its source makes us wait. Not Promise.race: that keeps a reaction for every wait until the end of all.
 */
export class Verdict {
  readonly #outcome = Promise.withResolvers<bigint>();
  #error: Error | undefined;
  #interrupt: ((error: Error) => void) | undefined;

  constructor() {
    this.#outcome.promise.catch(() => {});
  }

  get promise(): Promise<bigint> {
    return this.#outcome.promise;
  }

  resolve(value: bigint): void {
    this.#outcome.resolve(value);
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#outcome.reject(error);
    this.#interrupt?.(error);
  }

  /** `step`, or the failure if that comes first. One at a time. */
  async unlessFailed<T>(step: Promise<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      this.#interrupt = reject;
      step.then(resolve, reject);
      if (this.#error !== undefined) reject(this.#error);
    });
  }

  /** The items of a source, or the failure, also while the source makes us wait. The source is told to stop, not waited for. */
  async *heeding<T>(source: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const iterator = source[Symbol.asyncIterator]();
    let ended = false;
    try {
      for (;;) {
        const next = await this.unlessFailed(iterator.next());
        ended = next.done === true;
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      if (!ended) iterator.return?.().catch(() => {});
    }
  }
}
