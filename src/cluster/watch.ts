import {setTimeout as sleep} from 'node:timers/promises';

import {Unavailable} from '../errors.ts';
import type {Watch, WatchHandler} from './cluster.ts';
import {Expired, type Status} from './failures.ts';
import {jsonLines} from './json-lines.ts';
import type {Transport} from './transport.ts';

/** What every object of the Kubernetes API has that a watch needs. */
export interface Watchable {
  metadata?: {
    name?: string;
    uid?: string;
    resourceVersion?: string;
    managedFields?: unknown;
    labels?: Record<string, string>;
  };
}

export interface WatchOptions<T extends Watchable> {
  transport: Transport;
  /** Of the collection, such as `/api/v1/namespaces/x/pods`. */
  path: string;
  labelSelector: string;
  handler: WatchHandler<T>;
  log: (line: string) => void;
  signal: AbortSignal;
  /** How long silence is believed; for tests. */
  silenceMs?: number;
}

interface List<T> {
  metadata: {resourceVersion: string; continue?: string};
  items: T[];
}

type WatchEvent<T> =
  | {type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T}
  | {type: 'BOOKMARK'; object: Watchable}
  | {type: 'ERROR'; object: Status};

/** The server's watch cache sends a bookmark about each minute: two missing ones and a margin are a dead connection. */
const defaultSilenceMs = 150_000;
const maxLine = 4 * 1024 * 1024;
const pageSize = 250;

/**
 * List, then watch, for ever. The place in the collection moves on with each event and bookmark, so a new connection misses and repeats nothing; after 410
 * the list is made again. A connection that the server closes is reopened at once, after errors with a jittered pause that grows to 5 s.
 */
export function startWatch<T extends Watchable>(options: WatchOptions<T>): Watch {
  const {transport, path, labelSelector, log, signal, silenceMs = defaultSilenceMs} = options;
  const handler = guarded(options.handler, log);
  const first = Promise.withResolvers<void>();
  let heard = -Infinity;

  async function run() {
    let place: string | undefined;
    let failures = 0;
    while (!signal.aborted) {
      try {
        place ??= await relist();
        first.resolve();
        for await (const next of changes(place)) {
          place = next;
          failures = 0;
        }
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof Expired) place = undefined;
        else interrupted(error, failures);
        // A watch that ends as soon as it is open would spin without it.
        await pause(failures++, signal);
      }
    }
    first.reject(signal.reason);
  }

  function interrupted(error: unknown, failures: number) {
    // Once per interruption: a cluster can be away for a night.
    if (failures === 0) log(`watch of ${path} interrupted, trying again: ${String(error)}`);
    first.reject(error);
  }

  async function relist(): Promise<string> {
    const objects: T[] = [];
    for (let next: string | undefined; ;) {
      const query = {labelSelector, limit: pageSize, continue: next};
      const list: List<T> = await transport.json({method: 'GET', path, query, signal});
      for (const item of list.items) objects.push(withoutManagedFields(item));
      heard = performance.now();
      next = list.metadata.continue;
      if (!next) {
        handler.replaced(objects);
        return list.metadata.resourceVersion;
      }
    }
  }

  /** The place after each event of one connection. Ends when the server closes it, throws when it breaks or falls silent. */
  async function* changes(from: string): AsyncGenerator<string> {
    const silence = new AbortController();
    const timer = setTimeout(
      () => silence.abort(new Unavailable(`nothing heard for ${silenceMs / 1000} s`)),
      silenceMs,
    );
    const opened = performance.now();
    try {
      const body = await transport.stream({
        method: 'GET',
        path,
        query: {
          labelSelector,
          watch: 'true',
          allowWatchBookmarks: 'true',
          resourceVersion: from,
          timeoutSeconds: 240 + Math.floor(Math.random() * 60),
        },
        signal: AbortSignal.any([signal, silence.signal]),
      });
      for await (const line of jsonLines(body, maxLine)) {
        heard = performance.now();
        timer.refresh();
        const place = deliver(line);
        if (place !== undefined) yield place;
      }
      if (performance.now() - opened < 1000) throw new Unavailable('the API server closed the watch at once');
    } finally {
      clearTimeout(timer);
    }
  }

  function deliver(line: string): string | undefined {
    const event: WatchEvent<T> = JSON.parse(line);
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        handler.changed(withoutManagedFields(event.object));
        return event.object.metadata?.resourceVersion;
      case 'DELETED':
        handler.deleted(withoutManagedFields(event.object));
        return event.object.metadata?.resourceVersion;
      case 'BOOKMARK':
        return event.object.metadata?.resourceVersion;
      case 'ERROR':
        if (event.object.code === 410) throw new Expired('the watch is too far behind');
        throw new Unavailable(event.object.message ?? 'the API server ended the watch with an error');
      default:
        return undefined;
    }
  }

  // Who does not wait for `ready` must not be ended by its rejection.
  first.promise.catch(() => {});
  void run();
  return {ready: first.promise, age: () => performance.now() - heard};
}

/** Drops what fills half of each object in memory and which nobody reads. */
export function withoutManagedFields<T extends Watchable>(object: T): T {
  delete object.metadata?.managedFields;
  return object;
}

/** A fault in a handler is a bug of ours, and no reason to stop watching. */
function guarded<T>(handler: WatchHandler<T>, log: (line: string) => void): WatchHandler<T> {
  const run = (call: () => void) => {
    try {
      call();
    } catch (error) {
      log(`bug: a watch handler threw: ${error instanceof Error ? error.stack : String(error)}`);
    }
  };
  return {
    replaced: objects => run(() => handler.replaced(objects)),
    changed: object => run(() => handler.changed(object)),
    deleted: object => run(() => handler.deleted(object)),
  };
}

/** 50–100 ms, doubling; at most 1 s for the first six tries, then 5 s. */
async function pause(failures: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(100 * 2 ** failures, failures < 6 ? 1000 : 5000);
  await sleep(ms * (0.5 + Math.random() / 2), undefined, {signal}).catch(() => {});
}
