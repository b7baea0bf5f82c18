import {once} from 'node:events';
import type {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';

import type {Cluster} from '../cluster/cluster.ts';
import {Forbidden, InvalidRequest, NotReady, Unavailable} from '../errors.ts';
import type {AgentKey} from '../translate/container-record.ts';
import {AGENT_PORT, CONNECT_COMMAND, MAIN_CONTAINER} from '../translate/pod-for-container.ts';

/** So many refusals by the port of a running container, for so long (milliseconds; its agent may be about to listen), and it counts as closed to us. */
const patience = 2;
const patienceMs = 250;
/** A refusal comes right behind the connection that is refused. Milliseconds. */
const refusalMs = 50;
/** So many Pods whose port is closed, and none whose is open: so it is in this cluster. */
const hopeless = 2;

/** What the Pods of one cluster have taught of their agents' ports. */
export interface PortExperience {
  open: boolean;
  closed: number;
}

/**
 * The way to the agent of one Pod: its port, which carries twice as much, or a relay by exec where the port cannot be reached (gVisor, Kata, no right to
 * port-forward, no key). Nothing but the agent's greeting proves the port; what went wrong on the way to the Pod says nothing of it.
 */
export class Carrier {
  readonly #cluster: Cluster;
  readonly #pod: string;
  /** What a connection to the port begins with. */
  readonly #key: Buffer | undefined;
  readonly #experience: PortExperience;
  /** Connections to the port of the running container, but for those that broke on the way. */
  #ungreeted = 0;
  #firstTried = Infinity;
  /** By the cluster, or by who listens there, or for want of a key. */
  #turnedAway: boolean;
  /** The agent has greeted over the port once: if it is refused now, the container is being made anew. */
  #proven = false;
  #last: 'port' | 'exec' | undefined;

  constructor(
    cluster: Cluster,
    {name, key}: {name: string; key: AgentKey | undefined},
    experience: PortExperience,
  ) {
    this.#cluster = cluster;
    this.#pod = name;
    this.#key = key && Buffer.from(key.secret, 'hex');
    this.#turnedAway = key === undefined;
    this.#experience = experience;
  }

  /** The agent has greeted for the first time, over the last connection. */
  greeted(): void {
    if (this.#last !== 'port') return;
    this.#proven = true;
    this.#experience.open = true;
  }

  /** Bytes to the agent of a container that runs. Rejects as the cluster does: NotReady, NotFound, Unavailable. */
  async open(signal: AbortSignal): Promise<Duplex> {
    if (!this.#isClosed) {
      const stream = await this.#connect(signal);
      if (stream) return this.#counted(stream);
    }
    if (this.#last === 'port') this.#experience.closed++;
    this.#last = 'exec';
    return await this.#cluster.exec(this.#pod, {container: MAIN_CONTAINER, command: CONNECT_COMMAND, signal});
  }

  /** As `open`, for a container that may not run yet: undefined if it does not, which says nothing of its port. */
  async openEarly(signal: AbortSignal): Promise<Duplex | undefined> {
    if (this.#isClosed) return undefined;
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
    if (this.#proven) return false;
    if (this.#turnedAway || this.#last === 'exec') return true;
    if (this.#experience.closed >= hopeless && !this.#experience.open) return true;
    return this.#ungreeted >= patience && performance.now() - this.#firstTried >= patienceMs;
  }

  /** Undefined if this cluster, or our Role in it, does not let us reach the port. */
  async #connect(signal: AbortSignal): Promise<Duplex | undefined> {
    try {
      this.#last = 'port';
      const stream = await this.#cluster.connect(this.#pod, {port: AGENT_PORT, signal});
      if (this.#key) stream.write(this.#key);
      return stream;
    } catch (error) {
      if (!(error instanceof Forbidden || error instanceof InvalidRequest)) throw error;
      this.#turnedAway = true;
      return undefined;
    }
  }

  #counted(stream: Duplex): Duplex {
    this.#ungreeted++;
    this.#firstTried = Math.min(this.#firstTried, performance.now());
    // Somebody listens, and closed on us: it is not our agent, or it was given another key, or others take all of its time.
    stream.once('end', () => (this.#turnedAway = true));
    return stream.once('error', error => {
      if (!(error instanceof Unavailable)) return;
      if (error.reason === undefined) this.#turnedAway = true;
      else this.#ungreeted--;
    });
  }
}
