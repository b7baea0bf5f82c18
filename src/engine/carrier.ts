import {once} from 'node:events';
import type {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';

import type {Cluster} from '../cluster/cluster.ts';
import {Forbidden, InvalidRequest, NotReady, Unavailable} from '../errors.ts';
import {AGENT_PORT, CONNECT_COMMAND, MAIN_CONTAINER} from '../translate/pod-for-container.ts';

/** So many connections to the port of a running container without a greeting, for so long (milliseconds; its agent may be about to listen), and it counts as closed to us. */
const patience = 2;
const patienceMs = 250;
/** A refusal comes right behind the connection that is refused. Milliseconds. */
const refusalMs = 50;

/**
 * The way to the agent of one Pod: its port, which carries twice as much, or a relay by exec where the port cannot be reached (gVisor, Kata, user namespaces, no right to
 * port-forward). Nothing but the agent's greeting proves the port; what went wrong on the way to the Pod says nothing of it.
 */
export class Carrier {
  readonly #cluster: Cluster;
  readonly #pod: string;
  /** Connections to the port of the running container, but for those that broke on the way. */
  #ungreeted = 0;
  #firstTried = Infinity;
  #refused = false;
  /** The agent has greeted over the port once: if it is refused now, the container is being made anew. */
  #proven = false;
  #last: 'port' | 'exec' = 'port';

  constructor(cluster: Cluster, pod: string) {
    this.#cluster = cluster;
    this.#pod = pod;
  }

  /** The agent has greeted over the last connection. */
  greeted(): void {
    if (this.#last === 'port') this.#proven = true;
  }

  /** Bytes to the agent of a container that runs. Rejects as the cluster does: NotReady, NotFound, Unavailable. */
  async open(signal: AbortSignal): Promise<Duplex> {
    if (!this.#isClosed) {
      const stream = await this.#connect(signal);
      if (stream) return this.#counted(stream);
    }
    this.#last = 'exec';
    return await this.#cluster.exec(this.#pod, {container: MAIN_CONTAINER, command: CONNECT_COMMAND, signal});
  }

  /** As `open`, for a container that may not run yet: undefined if it does not, which says nothing of its port. */
  async openEarly(signal: AbortSignal): Promise<Duplex | undefined> {
    try {
      const stream = await this.#connect(signal);
      if (!stream) return undefined;
      const answered = new AbortController();
      await Promise.race([
        once(stream, 'close', {signal: answered.signal}),
        sleep(refusalMs, undefined, {signal}),
      ]).finally(() => answered.abort());
      return stream.destroyed ? undefined : stream;
    } catch (error) {
      if (error instanceof NotReady) return undefined;
      throw error;
    }
  }

  get #isClosed(): boolean {
    if (this.#refused || this.#proven) return this.#refused;
    return this.#ungreeted >= patience && performance.now() - this.#firstTried >= patienceMs;
  }

  /** Undefined if this cluster, or our Role in it, will never let us reach the port. */
  async #connect(signal: AbortSignal): Promise<Duplex | undefined> {
    try {
      this.#last = 'port';
      return await this.#cluster.connect(this.#pod, {port: AGENT_PORT, signal});
    } catch (error) {
      if (!(error instanceof Forbidden || error instanceof InvalidRequest)) throw error;
      this.#refused = true;
      return undefined;
    }
  }

  #counted(stream: Duplex): Duplex {
    this.#ungreeted++;
    this.#firstTried = Math.min(this.#firstTried, performance.now());
    return stream.once('error', error => {
      if (error instanceof Unavailable && error.reason !== undefined) this.#ungreeted--;
    });
  }
}
