import {NotFound} from '../errors.ts';
import {MANAGED_BY, MANAGED_BY_LABEL, OWNER_LABEL} from '../translate/labels.ts';
import type {Watched, WatchHandler} from './cluster.ts';
import type {Watchable} from './watch.ts';

/**
 * Which objects are ours, by uid. It learns from what we create and from the watch, so that a write needs no question before it: the write itself carries the uid
 * as a precondition, and the API server refuses it for a namesake. Only a name that nobody has told us of is asked for, once.
 */
export interface Ownership {
  learn(kind: keyof Watched, object: Watchable): void;
  /** What was known of the name is no longer true. */
  forget(kind: keyof Watched, name: string): void;
  /** The uid of our object of that name; NotFound if it is absent or not ours. */
  uidOf(kind: keyof Watched, name: string): Promise<string>;
  /** The same handler, and we learn by it. */
  learning<T extends Watchable>(kind: keyof Watched, handler: WatchHandler<T>): WatchHandler<T>;
}

export function isOurs(object: Watchable, owner: string): boolean {
  const labels = object.metadata?.labels ?? {};
  return labels[MANAGED_BY_LABEL] === MANAGED_BY && labels[OWNER_LABEL] === owner;
}

export function createOwnership(
  owner: string,
  get: (kind: keyof Watched, name: string) => Promise<Watchable>,
): Ownership {
  const known = {pods: new Map<string, string>(), secrets: new Map<string, string>()};

  function learn(kind: keyof Watched, {metadata}: Watchable) {
    if (metadata?.name && metadata.uid) known[kind].set(metadata.name, metadata.uid);
  }

  return {
    learn,
    forget: (kind, name) => void known[kind].delete(name),
    async uidOf(kind, name) {
      const uid = known[kind].get(name);
      if (uid !== undefined) return uid;
      const object = await get(kind, name);
      const found = object.metadata?.uid;
      if (found === undefined || !isOurs(object, owner)) throw new NotFound(`${kind} "${name}" not found`);
      learn(kind, object);
      return found;
    },
    learning: (kind, handler) => ({
      replaced(objects) {
        known[kind].clear();
        for (const object of objects) learn(kind, object);
        handler.replaced(objects);
      },
      changed(object) {
        learn(kind, object);
        handler.changed(object);
      },
      deleted(object) {
        const {name, uid} = object.metadata ?? {};
        if (name && known[kind].get(name) === uid) known[kind].delete(name);
        handler.deleted(object);
      },
    }),
  };
}
