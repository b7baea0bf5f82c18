import {createHash, randomBytes} from 'node:crypto';
import type {Duplex} from 'node:stream';
import {buffer} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';

import type {Cluster, Pod, Secret, Watched} from '../../src/cluster/cluster.ts';
import {NotReady} from '../../src/errors.ts';

interface Scene {
  cluster: Cluster;
  stranger: Cluster;
  /** One Pod for all tests that do not end it. */
  running: Pod;
  close(): Promise<void>;
}

/** What the tests of the contract share; it is there once the first hook has run. */
export class Stage {
  #set: Scene | undefined;

  set(set: Scene): void {
    this.#set = set;
  }

  get cluster(): Cluster {
    return this.#there().cluster;
  }

  get stranger(): Cluster {
    return this.#there().stranger;
  }

  get running(): Pod {
    return this.#there().running;
  }

  close(): Promise<void> {
    return this.#there().close();
  }

  #there(): Scene {
    if (!this.#set) throw new Error('the stage is not set');
    return this.#set;
  }
}

export function uniqueName(): string {
  return `bad-${randomBytes(10).toString('hex')}`;
}

export function sleepingPod(name: string): Pod {
  return {
    metadata: {name},
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      containers: [
        {
          name: 'main',
          image: 'busybox',
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', 'echo one; echo two; exec sleep 600'],
        },
      ],
    },
  };
}

/** One that no node takes. */
export function unboundPod(name: string): Pod {
  const pod = sleepingPod(name);
  return {
    ...pod,
    spec: {containers: [], ...pod.spec, nodeSelector: {'badidea.dev/no-such-node': 'x'}},
  };
}

export function secretNamed(name: string): Secret {
  return {metadata: {name}, type: 'Opaque'};
}

export function nameOf(object: {metadata?: {name?: string}}): string {
  return object.metadata?.name ?? '';
}

export function isSame(one: Pod | Secret, other: Pod | Secret): boolean {
  return one.metadata?.uid === other.metadata?.uid;
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** So many bytes; the stream goes on. */
export async function taken(stream: Duplex, bytes: number): Promise<Buffer> {
  return await buffer(
    (async function* () {
      let left = bytes;
      for await (const chunk of stream.iterator({destroyOnReturn: false}) as AsyncIterable<Buffer>) {
        yield chunk;
        left -= chunk.length;
        if (left <= 0) return;
      }
    })(),
  );
}

/** The refusal of a server that accepts first and asks the kubelet afterwards counts as well. */
export async function execAtOnce(cluster: Cluster, pod: string): Promise<void> {
  const stream = await cluster.exec(pod, {container: 'main', command: ['true']});
  await buffer(stream);
}

export async function execWhenReady(cluster: Cluster, pod: string, command: string[]): Promise<Duplex> {
  for (;;) {
    try {
      return await cluster.exec(pod, {container: 'main', command});
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      await sleep(50);
    }
  }
}

interface Observed<T> {
  type: 'changed' | 'deleted';
  object: T;
}

/** A watch whose events are kept, and can be waited for. */
export async function observe<K extends keyof Watched>(cluster: Cluster, kind: K) {
  const abort = new AbortController();
  const events: Observed<Watched[K]>[] = [];
  let first: Watched[K][] = [];
  let notify: (() => void) | undefined;
  const tell = (event: Observed<Watched[K]>) => {
    events.push(event);
    notify?.();
  };
  const watch = cluster.watch(
    kind,
    {
      replaced: objects => (first = objects),
      changed: object => tell({type: 'changed', object}),
      deleted: object => tell({type: 'deleted', object}),
    },
    abort.signal,
  );
  await watch.ready;
  return {
    first,
    events,
    age: () => watch.age(),
    end: () => abort.abort(),
    async until(matches: (event: Observed<Watched[K]>) => boolean): Promise<Observed<Watched[K]>> {
      for (;;) {
        const found = events.find(matches);
        if (found) return found;
        await new Promise<void>(resolve => (notify = resolve));
      }
    },
  };
}
