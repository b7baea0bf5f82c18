import {type DockerEvent, type EventOptions, matchesEvent} from '../wire/events.ts';

/** dockerd keeps this many for `since`. */
const KEPT = 256;

/** What has happened, for `docker events`: a ring for replays and a queue for each subscriber. */
export class EventLog {
  readonly #kept: DockerEvent[] = [];
  readonly #subscribers = new Set<(event: DockerEvent) => void>();

  emit(event: DockerEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const subscriber of this.#subscribers) subscriber(event);
  }

  /** Replays what `since` asks for, then follows until `until` or the signal. */
  async *subscribe({
    filters,
    signal,
    since,
    until,
  }: EventOptions & {signal: AbortSignal}): AsyncGenerator<DockerEvent> {
    const queue = since === undefined ? [] : this.#kept.filter(({nanoseconds}) => nanoseconds >= since);
    const limit =
      until === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(millisecondsUntil(until))]);
    let wake = Promise.withResolvers<void>();
    const subscriber = (event: DockerEvent) => {
      queue.push(event);
      wake.resolve();
    };
    const stop = () => wake.resolve();
    this.#subscribers.add(subscriber);
    limit.addEventListener('abort', stop);
    try {
      for (;;) {
        const events = queue.splice(0).filter(event => until === undefined || event.nanoseconds <= until);
        yield* events.filter(event => matchesEvent(event, filters));
        if (limit.aborted) return;
        if (queue.length === 0) await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    } finally {
      this.#subscribers.delete(subscriber);
      limit.removeEventListener('abort', stop);
    }
  }
}

/** A timer of more than 2^31-1 ms fires at once; nobody waits 24 days. */
function millisecondsUntil(until: bigint): number {
  const left = Number(until / 1_000_000n) - Date.now();
  return Math.max(0, Math.min(left, 2 ** 31 - 1));
}
