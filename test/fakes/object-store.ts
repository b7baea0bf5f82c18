import {randomUUID} from 'node:crypto';

import type {Watched, WatchHandler} from '../../src/cluster/cluster.ts';
import {isOurs} from '../../src/cluster/ownership.ts';
import {Conflict, NotFound} from '../../src/errors.ts';
import {mergePatch} from './merge-patch.ts';

type Kind = keyof Watched;

interface Watcher<K extends Kind> {
  kind: K;
  owner: string;
  handler: WatchHandler<Watched[K]>;
  heard(): void;
}

/** The namespace's objects, and who watches them. Watchers are told in order and never within the call that made the change, as over a network. */
export class ObjectStore {
  readonly #objects: {[K in Kind]: Map<string, Watched[K]>} = {pods: new Map(), secrets: new Map()};
  readonly #watchers = new Set<Watcher<Kind>>();
  #version = 1;
  #outbox: (() => void)[] = [];

  create<K extends Kind>(kind: K, object: Watched[K]): Watched[K] {
    const name = object.metadata?.name ?? '';
    if (this.#objects[kind].has(name)) throw new Conflict(`${kind} "${name}" already exists`);
    const metadata = {...object.metadata, uid: randomUUID(), creationTimestamp: new Date()};
    return this.#store(kind, {...object, metadata}, 'changed');
  }

  find<K extends Kind>(kind: K, name: string): Watched[K] | undefined {
    return this.#objects[kind].get(name);
  }

  get<K extends Kind>(kind: K, name: string, owner: string): Watched[K] {
    const found = this.find(kind, name);
    if (!found || !isOurs(found, owner)) throw new NotFound(`${kind} "${name}" not found`);
    return found;
  }

  list<K extends Kind>(kind: K, owner: string): Watched[K][] {
    return [...this.#objects[kind].values()]
      .filter(object => isOurs(object, owner))
      .map(object => structuredClone(object));
  }

  patch<K extends Kind>(kind: K, name: string, patch: object): Watched[K] {
    const found = this.find(kind, name);
    if (!found) throw new NotFound(`${kind} "${name}" not found`);
    const patched = mergePatch(found, patch, {listsByName: kind === 'pods'});
    if (patched.metadata?.resourceVersion !== found.metadata?.resourceVersion) {
      throw new Conflict(`Operation cannot be fulfilled on ${kind} "${name}": the object has been modified`);
    }
    return this.#store(kind, patched, 'changed');
  }

  remove(kind: Kind, name: string): void {
    const found = this.find(kind, name);
    if (!found) return;
    this.#store(kind, found, 'deleted');
    this.#objects[kind].delete(name);
  }

  watch<K extends Kind>(watcher: Watcher<K>, signal: AbortSignal): void {
    const entry = watcher as unknown as Watcher<Kind>;
    this.#later(() => {
      this.#watchers.add(entry);
      watcher.heard();
      watcher.handler.replaced(this.list(watcher.kind, watcher.owner));
    });
    signal.addEventListener('abort', () => this.#watchers.delete(entry), {once: true});
  }

  /** What watchers have not been told yet they never will be: they list anew, as after a lost connection. */
  interruptWatches(): void {
    this.#outbox = [];
    this.#later(() => {
      for (const {kind, owner, handler} of this.#watchers) handler.replaced(this.list(kind, owner));
    });
  }

  #store<K extends Kind>(kind: K, object: Watched[K], event: 'changed' | 'deleted'): Watched[K] {
    const stored = structuredClone(object);
    stored.metadata = {...stored.metadata, resourceVersion: String(++this.#version)};
    this.#objects[kind].set(stored.metadata.name ?? '', stored);
    this.#later(() => {
      for (const watcher of this.#watchers) {
        if (watcher.kind !== kind || !isOurs(stored, watcher.owner)) continue;
        watcher.heard();
        watcher.handler[event](structuredClone(stored));
      }
    });
    return structuredClone(stored);
  }

  #later(tell: () => void) {
    this.#outbox.push(tell);
    setImmediate(() => this.#outbox.shift()?.());
  }
}
