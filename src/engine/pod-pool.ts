import type {Cluster, Pod} from '../cluster/cluster.ts';
import {AgentPod} from './agent-pod.ts';
import type {PodEnd} from './pod-readiness.ts';

/**
 * Every Pod of ours and the link to its agent, by name. The one watch on the namespace ends here; who holds a Pod (a container, or nobody yet) is not known here.
 */
export class PodPool {
  readonly #cluster: Cluster;
  readonly #pods = new Map<string, AgentPod>();
  readonly #onEnd: (name: string, end: PodEnd) => void;

  constructor(cluster: Cluster, onEnd: (name: string, end: PodEnd) => void) {
    this.#cluster = cluster;
    this.#onEnd = onEnd;
  }

  get(name: string): AgentPod | undefined {
    return this.#pods.get(name);
  }

  /** Links up with the agent of a Pod that is there already. */
  attach(pod: Pod): AgentPod {
    const agent = this.#add(pod.metadata?.name ?? '');
    agent.observe(pod);
    return agent;
  }

  /** Makes a Pod; its link can be used before the Pod runs. A Pod of that name that has ended gives way. */
  async create(manifest: Pod): Promise<AgentPod> {
    const name = manifest.metadata?.name ?? '';
    if (this.#pods.has(name)) await this.delete(name);
    // The watch may tell of the Pod before the answer to the request does.
    const agent = this.#add(name);
    try {
      const pod = await this.#cluster.createPod(manifest);
      if (agent.pod === undefined) agent.observe(pod);
      return agent;
    } catch (error) {
      this.#drop(name);
      throw error;
    }
  }

  /** Ends a container's Pod, with nothing left in the API. */
  async delete(name: string): Promise<void> {
    this.#drop(name);
    await this.#cluster.deletePod(name, {gracePeriodSeconds: 0});
  }

  /** What the watch says; a Pod that nobody knows is not ours to follow. */
  observe(pod: Pod): void {
    this.#pods.get(pod.metadata?.name ?? '')?.observe(pod);
  }

  deleted(pod: Pod): void {
    this.#pods.get(pod.metadata?.name ?? '')?.deleted();
  }

  /** After a gap in the watch: Pods that are not in the list have gone in it. */
  replaced(pods: Pod[]): void {
    const present = new Set(pods.map(({metadata}) => metadata?.name));
    for (const pod of pods) this.observe(pod);
    // A Pod whose creation is on its way has not been seen yet, and is not gone.
    for (const [name, agent] of this.#pods)
      if (agent.pod !== undefined && !present.has(name)) agent.deleted();
  }

  /** The daemon ends: links close, Pods stay. */
  close(): void {
    for (const agent of this.#pods.values()) agent.close();
  }

  #add(name: string): AgentPod {
    const agent = new AgentPod(name, this.#cluster, end => this.#onEnd(name, end));
    this.#pods.set(name, agent);
    return agent;
  }

  #drop(name: string): void {
    this.#pods.get(name)?.close();
    this.#pods.delete(name);
  }
}
