import {setTimeout as sleep} from 'node:timers/promises';

import type {Cluster} from '../cluster/cluster.ts';
import {NotFound} from '../errors.ts';
import {type ContainerState, statePatch} from '../translate/container-record.ts';

/** A daemon that ends waits so long for a write, in milliseconds. */
const PATIENCE = 1000;

/**
 * Writes a container's state into its Secret: one write at a time, always the newest, again and again while the cluster is out of reach. The agent holds
 * the same facts as long as its Pod lives, so nobody waits for this.
 */
export class StateWriter {
  readonly #name: string;
  readonly #cluster: Cluster;
  #next: ContainerState | undefined;
  #writing = Promise.resolve();
  #paused = false;

  constructor(name: string, cluster: Cluster) {
    this.#name = name;
    this.#cluster = cluster;
  }

  write(state: ContainerState): void {
    this.#next = {...state};
    this.#writing = this.#writing.then(() => this.#writeNewest());
  }

  /** The container is being removed: its Secret must not come back. */
  pause(): void {
    this.#paused = true;
  }

  /** It was not removed after all. */
  resume(): void {
    this.#paused = false;
  }

  /** Resolves when what was given is written, or cannot be for a while: then the agent has to remember it. */
  async settled(): Promise<void> {
    await Promise.race([this.#writing, sleep(PATIENCE, undefined, {ref: false})]);
    this.pause();
  }

  async #writeNewest(): Promise<void> {
    for (let pause = 500; this.#next !== undefined && !this.#paused; pause = Math.min(pause * 2, 30_000)) {
      const state = this.#next;
      try {
        await this.#cluster.patchSecret(this.#name, statePatch(state));
        if (this.#next === state) this.#next = undefined;
        pause = 500;
      } catch (error) {
        if (error instanceof NotFound) return;
        await sleep(pause, undefined, {ref: false});
      }
    }
  }
}
