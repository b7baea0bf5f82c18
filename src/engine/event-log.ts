import {type DockerEvent, type EventOptions, matchesEvent} from '../wire/events.ts';

/** dockerd keeps this many for `since`. */
const KEPT = 256;

/** What has happened, for `docker events`: a ring for replays and a queue for each subscriber. */
export class EventLog {
  readonly #kept: DockerEvent[] = [];
  readonly #subscriptions = new Set<Subscription>();

  emit(event: DockerEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const subscription of this.#subscriptions) subscription.tell(event);
  }

  /** Replays what `since` asks for, then follows until `until` or the signal; from this call on, whenever the first event is read. */
  subscribe(options: EventOptions & {signal: AbortSignal}): AsyncIterable<DockerEvent> {
    const {signal, since, until} = options;
    const end =
      until === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(millisecondsUntil(until))]);
    const subscription = new Subscription(options, end);
    if (since !== undefined) {
      for (const event of this.#kept) if (event.nanoseconds >= since) subscription.tell(event);
    }
    const forget = () => this.#subscriptions.delete(subscription);
    this.#subscriptions.add(subscription);
    if (end.aborted) forget();
    else end.addEventListener('abort', forget, {once: true});
    return subscription.events(forget);
  }
}

class Subscription {
  readonly #options: EventOptions;
  readonly #end: AbortSignal;
  readonly #queue: DockerEvent[] = [];
  #news = Promise.withResolvers<void>();

  constructor(options: EventOptions, end: AbortSignal) {
    this.#options = options;
    this.#end = end;
  }

  tell(event: DockerEvent): void {
    const {filters, until} = this.#options;
    if ((until !== undefined && event.nanoseconds > until) || !matchesEvent(event, filters)) return;
    this.#queue.push(event);
    this.#news.resolve();
  }

  async *events(forget: () => void): AsyncGenerator<DockerEvent> {
    const wake = () => this.#news.resolve();
    this.#end.addEventListener('abort', wake);
    try {
      for (;;) {
        // What was told before the end is still to be read.
        const over = this.#end.aborted;
        yield* this.#queue.splice(0);
        if (over) return;
        if (this.#queue.length === 0 && !this.#end.aborted) await this.#news.promise;
        this.#news = Promise.withResolvers<void>();
      }
    } finally {
      forget();
      this.#end.removeEventListener('abort', wake);
    }
  }
}

/** A timer of more than 2^31-1 ms fires at once; nobody waits 24 days. */
function millisecondsUntil(until: bigint): number {
  const left = Number(until / 1_000_000n) - Date.now();
  return Math.max(0, Math.min(left, 2 ** 31 - 1));
}
