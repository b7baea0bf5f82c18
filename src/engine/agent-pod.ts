import type {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';

import type {V1Pod} from '@kubernetes/client-node';

import {NotFound} from '../errors.ts';
import {type AgentLink, openLink} from '../link/link.ts';
import type {AgentKey} from '../translate/container-record.ts';
import {Carrier, type PortExperience} from './carrier.ts';
import type {EngineContext} from './context.ts';
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

/** What an agent's Pod needs of the engine's surroundings. */
export type PodContext = Pick<EngineContext, 'cluster' | 'relistsOnDemand'> & {ports: PortExperience};

/** An agent on a node that has its image listens this long after the Pod got the node, at the soonest; and how often it is tried, and how many times. */
const earliestMs = 300;
const earlyEveryMs = 150;
const earlyTries = 20;

/**
 * A Pod of ours and the link to its agent. The link can be used from the first moment: what is asked of it waits until the agent answers. The watch feeds
 * `observe` and `deleted`; nothing here asks the cluster for the Pod's status.
 */
export class AgentPod {
  readonly name: string;
  readonly link: AgentLink;
  readonly #carrier: Carrier;
  #pod: V1Pod | undefined;
  #end: PodEnd | undefined;
  #changed = Promise.withResolvers<void>();
  #earlyTriesLeft: number;
  readonly #onEnd: (end: PodEnd) => void;

  constructor(
    {name, key}: {name: string; key: AgentKey | undefined},
    {cluster, relistsOnDemand, ports}: PodContext,
    onEnd: (end: PodEnd) => void,
  ) {
    this.name = name;
    this.#onEnd = onEnd;
    this.#carrier = new Carrier(cluster, {name, key}, ports);
    this.#earlyTriesLeft = relistsOnDemand ? 0 : earlyTries;
    this.link = openLink({dial: signal => this.#dial(signal)});
    this.link.ready().then(
      () => this.#carrier.greeted(),
      () => {},
    );
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
  async #dial(signal: AbortSignal): Promise<Duplex> {
    try {
      const early = await this.#waitOrConnect(signal);
      if (this.#end !== undefined) throw new PodEnded(this.#end);
      return early ?? (await this.#carrier.open(signal));
    } catch (error) {
      if (error instanceof NotFound) this.deleted();
      throw error;
    }
  }

  /**
   * Until the container runs, or the Pod has ended. A kubelet that relists by the clock says so up to a second late (PLEGOnDemandRelist is on since Kubernetes 1.36);
   * there the agent's own port is asked, from when the Pod has its node, for as long as a start without a pull may take.
   */
  async #waitOrConnect(signal: AbortSignal): Promise<Duplex | undefined> {
    let pause = earliestMs;
    while (podReadiness(this.#pod).kind === 'waiting' && this.#end === undefined) {
      if (this.#pod?.spec?.nodeName === undefined || this.#earlyTriesLeft === 0) {
        await Promise.race([this.#changed.promise, aborted(signal)]);
        continue;
      }
      await sleep(pause, undefined, {signal});
      pause = earlyEveryMs;
      this.#earlyTriesLeft--;
      const stream = await this.#carrier.openEarly(signal);
      if (stream) return stream;
    }
    return undefined;
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
