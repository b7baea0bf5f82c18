/** Who wants to hear of what, by the events' names. A listener is called in the order of adding; what it throws is the caller's. */
export class Listeners<Events extends object> {
  readonly #listeners: {[K in keyof Events]?: Set<(value: Events[K]) => void>} = {};

  /** Returns what removes the listener. */
  on<K extends keyof Events>(name: K, listener: (value: Events[K]) => void): () => void {
    // Its own function, so that a listener added twice is called twice.
    const entry = (value: Events[K]): void => listener(value);
    const entries: Set<(value: Events[K]) => void> = (this.#listeners[name] ??= new Set());
    entries.add(entry);
    return () => void entries.delete(entry);
  }

  emit<K extends keyof Events>(name: K, value: Events[K]): void {
    // A copy: who adds a listener while it is called is not called for this.
    const present = [...(this.#listeners[name] ?? [])];
    for (const listener of present) listener(value);
  }
}
