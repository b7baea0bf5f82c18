import type {Duplex} from 'node:stream';

import type {V1Pod} from '@kubernetes/client-node';

import type {Cluster} from '../cluster/cluster.ts';
import {NotFound} from '../errors.ts';
import {type AgentLink, openLink} from '../link/link.ts';
import {CONNECT_COMMAND, MAIN_CONTAINER} from '../translate/pod-for-container.ts';
import {type PodEnd, podReadiness} from './pod-readiness.ts';

/** Why a link to an agent ended for good. `gone` tells the link not to dial again. */
export class PodEnded extends Error {
  override readonly name = 'PodEnded';
  readonly gone = true;
  readonly end: PodEnd;

  constructor(end: PodEnd) {
    super(end.message);
    this.end = end;
  }
}

/**
 * A Pod of ours and the link to its agent. The link can be used from the first moment: what is asked of it waits until the agent answers. The watch feeds
 * `observe` and `deleted`; nothing here asks the cluster for the Pod's status.
 */
export class AgentPod {
  readonly name: string;
  readonly link: AgentLink;
  #pod: V1Pod | undefined;
  #end: PodEnd | undefined;
  #changed = Promise.withResolvers<void>();
  readonly #onEnd: (end: PodEnd) => void;

  constructor(name: string, cluster: Cluster, onEnd: (end: PodEnd) => void) {
    this.name = name;
    this.#onEnd = onEnd;
    this.link = openLink({dial: signal => this.#dial(cluster, signal)});
  }

  get pod(): V1Pod | undefined {
    return this.#pod;
  }

  get ip(): string | undefined {
    return this.#pod?.status?.podIP;
  }

  /** Why the Pod is no more, once it is. */
  get end(): PodEnd | undefined {
    return this.#end;
  }

  /** What a start waits for now. */
  get waitingFor(): string | undefined {
    const readiness = podReadiness(this.#pod);
    return readiness.kind === 'waiting' ? readiness.why : undefined;
  }

  observe(pod: V1Pod): void {
    this.#pod = pod;
    const readiness = podReadiness(pod);
    if (readiness.kind === 'ended') this.#finish(readiness.why);
    this.#wake();
  }

  deleted(): void {
    this.#finish({message: 'the Pod was deleted', exitCode: undefined, oomKilled: false, refused: false});
    this.#wake();
  }

  /** We gave the Pod up ourselves: nobody is told. */
  close(): void {
    this.#end ??= {
      message: 'the container was removed',
      exitCode: undefined,
      oomKilled: false,
      refused: false,
    };
    this.link.close(new PodEnded(this.#end));
    this.#wake();
  }

  #finish(end: PodEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    // The agent's own last words may still be on their way; a Pod that is gone has none.
    setImmediate(() => {
      this.link.close(new PodEnded(end));
      this.#onEnd(end);
    });
  }

  /** Waits for the Pod's own news that it runs, then asks once. "Not ready" goes back to the link, whose back-off comes round again. */
  async #dial(cluster: Cluster, signal: AbortSignal): Promise<Duplex> {
    while (podReadiness(this.#pod).kind === 'waiting' && this.#end === undefined) {
      await Promise.race([this.#changed.promise, aborted(signal)]);
    }
    if (this.#end !== undefined) throw new PodEnded(this.#end);
    try {
      return await cluster.exec(this.name, {container: MAIN_CONTAINER, command: CONNECT_COMMAND, signal});
    } catch (error) {
      if (error instanceof NotFound) this.deleted();
      throw error;
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  });
}
