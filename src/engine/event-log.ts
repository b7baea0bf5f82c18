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
  async *subscribe(options: EventOptions & {signal: AbortSignal}): AsyncGenerator<DockerEvent> {
    const queue = options.since === undefined ? [] : this.#kept.filter(event => event.nanoseconds >= (options.since ?? 0n));
    let wake = Promise.withResolvers<void>();
    const subscriber = (event: DockerEvent) => {
      queue.push(event);
      wake.resolve();
    };
    this.#subscribers.add(subscriber);
    const stop = () => wake.resolve();
    options.signal.addEventListener('abort', stop);
    const deadline = untilTimer(options.until, stop);
    try {
      for (;;) {
        for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
          if (isAfter(event, options.until)) return;
          if (matchesEvent(event, options.filters)) yield event;
        }
        if (options.signal.aborted || (options.until !== undefined && now() >= options.until)) return;
        wake = Promise.withResolvers<void>();
        await wake.promise;
      }
    } finally {
      this.#subscribers.delete(subscriber);
      options.signal.removeEventListener('abort', stop);
      clearTimeout(deadline);
    }
  }
}

function isAfter(event: DockerEvent, until: bigint | undefined): boolean {
  return until !== undefined && event.nanoseconds > until;
}

function untilTimer(until: bigint | undefined, stop: () => void): NodeJS.Timeout | undefined {
  if (until === undefined) return undefined;
  // A timer of more than 2^31-1 ms fires at once; nobody waits 24 days.
  return setTimeout(stop, Math.min(Number((until - now()) / 1_000_000n) + 1, 2 ** 31 - 1));
}

/** Nanoseconds since 1970. */
function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
