import type {Pod} from '../cluster/cluster.ts';
import type {AgentKey} from '../translate/container-record.ts';
import {AgentPod, type PodContext, PodEnded} from './agent-pod.ts';
import type {PodEnd} from './pod-readiness.ts';

/**
 * Every Pod of ours and the link to its agent, by name. The one watch on the namespace ends here; who holds a Pod (a container, or nobody yet) is not known here.
 */
export class PodPool {
  readonly #context: PodContext;
  readonly #pods = new Map<string, AgentPod>();
  /** What the watch has shown last, by uid: a name is used again when a container gets another Pod. */
  readonly #shown = new Map<string, Pod>();
  readonly #onEnd: (name: string, end: PodEnd) => void;

  constructor(context: Omit<PodContext, 'ports'>, onEnd: (name: string, end: PodEnd) => void) {
    this.#context = {...context, ports: {open: false, closed: 0}};
    this.#onEnd = onEnd;
  }

  get(name: string): AgentPod | undefined {
    return this.#pods.get(name);
  }

  /** Links up with the agent of a Pod that is there already. */
  attach(pod: Pod, key: AgentKey | undefined): AgentPod {
    const agent = this.#add(pod.metadata?.name ?? '', key);
    agent.observe(pod);
    return agent;
  }

  /** Makes a Pod; its link can be used before the Pod runs. A Pod of that name that has ended gives way. */
  async create(manifest: Pod, key: AgentKey | undefined): Promise<AgentPod> {
    const name = manifest.metadata?.name ?? '';
    if (this.#pods.has(name)) await this.delete(name);
    const agent = this.#add(name, key);
    try {
      const pod = await this.#context.cluster.createPod(manifest);
      // The watch may have told of the Pod before the answer to the request does.
      agent.observe(this.#shown.get(uidOf(pod)) ?? pod);
      if (this.#pods.get(name) === agent || !agent.end) return agent;
      // It was given up while it was being made.
      await this.#context.cluster.deletePod(name, {gracePeriodSeconds: 0});
      throw new PodEnded(agent.end);
    } catch (error) {
      this.#drop(name);
      throw error;
    }
  }

  /** Ends a container's Pod, with nothing left in the API. */
  async delete(name: string): Promise<void> {
    this.#drop(name);
    await this.#context.cluster.deletePod(name, {gracePeriodSeconds: 0});
  }

  /** What the watch says; a Pod that nobody knows, or that gave way to another of its name, is not ours to follow. */
  observe(pod: Pod): void {
    this.#shown.set(uidOf(pod), pod);
    this.#agentOf(pod)?.observe(pod);
  }

  deleted(pod: Pod): void {
    this.#shown.delete(uidOf(pod));
    this.#agentOf(pod)?.deleted();
  }

  /** After a gap in the watch: Pods that it has shown and that are not in the list have gone in it. Others may be newer than the list. */
  replaced(pods: Pod[]): void {
    const present = new Set(pods.map(uidOf));
    for (const [uid, pod] of this.#shown) if (!present.has(uid)) this.deleted(pod);
    for (const pod of pods) this.observe(pod);
  }

  /** The daemon ends: links close, Pods stay. */
  close(): void {
    for (const agent of this.#pods.values()) agent.close();
  }

  #agentOf(pod: Pod): AgentPod | undefined {
    const agent = this.#pods.get(pod.metadata?.name ?? '');
    return agent?.pod && uidOf(agent.pod) === uidOf(pod) ? agent : undefined;
  }

  #add(name: string, key: AgentKey | undefined): AgentPod {
    const agent = new AgentPod({name, key}, this.#context, end => this.#onEnd(name, end));
    this.#pods.set(name, agent);
    return agent;
  }

  #drop(name: string): void {
    this.#pods.get(name)?.close();
    this.#pods.delete(name);
  }
}

function uidOf({metadata}: Pod): string {
  return metadata?.uid ?? '';
}
