import {Unavailable} from '../errors.ts';
import {LinkLost} from '../link/errors.ts';
import type {AgentKey, ContainerImage} from '../translate/container-record.ts';
import {objectName} from '../translate/labels.ts';
import {podForContainer, podShape, warmPod} from '../translate/pod-for-container.ts';
import {ContainerCreateRequest} from '../wire/container-create-request.ts';
import {newAgentKey} from './agent-key.ts';
import {type AgentPod, PodEnded} from './agent-pod.ts';
import type {EngineContext} from './context.ts';
import {newId} from './new-id.ts';
import type {PodPool} from './pod-pool.ts';

export interface WarmSettings {
  /** held Pods for each image; 0 = none at all */
  count: number;
  /** after this long unused a held Pod is given back */
  idleSeconds: number;
  /** references of images that always have held Pods, beside the one last used */
  images: string[];
}

/** A Pod that holds, with the id and the key of the container that will be in it. */
export interface WarmPod {
  id: string;
  agentKey: AgentKey;
  image: ContainerImage;
  shape: string;
  agent: Promise<AgentPod>;
  idle: NodeJS.Timeout;
}

/**
 * Pods of the images last used, made ahead of time: a container whose Pod would be the same adopts one, and starts with a message instead of a scheduler, a
 * kubelet and a runtime.
 */
export class WarmPods {
  readonly #settings: WarmSettings;
  readonly #context: EngineContext;
  readonly #pool: PodPool;
  readonly #held = new Set<WarmPod>();
  readonly #pinned = new Set<string>();
  #lastUsed: string | undefined;
  #closed = false;

  constructor(settings: WarmSettings, context: EngineContext, pool: PodPool) {
    this.#settings = settings;
    this.#context = context;
    this.#pool = pool;
  }

  /** A held Pod that this container fits into, if there is one; it is the caller's from now on. */
  take(draft: {request: ContainerCreateRequest; image: ContainerImage}): WarmPod | undefined {
    for (const warm of this.#held) {
      const {id, agentKey} = warm;
      if (warm.shape !== podShape(podForContainer({...draft, id, agentKey}, this.#context.podSettings), id))
        continue;
      this.#held.delete(warm);
      clearTimeout(warm.idle);
      return warm;
    }
    return undefined;
  }

  /** An image was used or pulled: Pods of it are held from now on, and those of an image used long ago no longer. */
  used(image: ContainerImage): void {
    if (this.#settings.count === 0 || this.#closed) return;
    if (!this.#pinned.has(image.id)) this.#lastUsed = image.id;
    for (const warm of this.#held) {
      if (warm.image.id !== this.#lastUsed && !this.#pinned.has(warm.image.id)) void this.#giveUp(warm);
    }
    const held = [...this.#held].filter(warm => warm.image.id === image.id).length;
    for (let missing = this.#settings.count - held; missing > 0; missing--) this.#hold(image);
  }

  /** Holds Pods of the images of the settings; one that was never pulled waits for its pull. */
  begin(): void {
    for (const reference of this.#settings.images) {
      try {
        const image = this.#context.resolveImage(reference);
        this.#pinned.add(image.id);
        this.used(image);
      } catch (error) {
        this.#context.log('no Pod is held of an image that was not pulled', {
          image: reference,
          error: String(error),
        });
      }
    }
  }

  /** Holds a Pod of an image that was just pulled, and waits until a node has it. @throws Unavailable with the node's words when it cannot have it */
  async pulled(image: ContainerImage, signal: AbortSignal): Promise<boolean> {
    this.used(image);
    const warm = [...this.#held].find(held => held.image.id === image.id);
    if (!warm) return false;
    try {
      const agent = await warm.agent;
      await agent.link.ready(signal);
      return true;
    } catch (error) {
      if (error instanceof LinkLost && error.cause instanceof PodEnded && error.cause.end.refused)
        throw new Unavailable(error.message, {cause: error});
      // The Pod was taken by a container in the meantime, or the cluster is slow: the next run finds out.
      return false;
    }
  }

  /** Gives all of them back: a held Pod costs money, and nobody is there to use it. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#held].map(warm => this.#giveUp(warm)));
  }

  #hold(image: ContainerImage): void {
    const id = newId();
    const agentKey = newAgentKey();
    const manifest = podForContainer(
      {id, agentKey, image, request: ContainerCreateRequest.parse({Image: image.id})},
      this.#context.podSettings,
    );
    const warm: WarmPod = {
      id,
      agentKey,
      image,
      shape: podShape(manifest, id),
      agent: this.#pool.create(warmPod(manifest), agentKey),
      idle: setTimeout(() => void this.#giveUp(warm), this.#settings.idleSeconds * 1000).unref(),
    };
    this.#held.add(warm);
    warm.agent.catch((error: unknown) => {
      this.#held.delete(warm);
      clearTimeout(warm.idle);
      this.#context.log('a held Pod could not be made', {error: String(error)});
    });
  }

  /** A held Pod that ended by itself (evicted, image gone) is of no use. */
  ended(name: string): void {
    for (const warm of this.#held) if (objectName(warm.id) === name) void this.#giveUp(warm);
  }

  async #giveUp(warm: WarmPod): Promise<void> {
    this.#held.delete(warm);
    clearTimeout(warm.idle);
    try {
      await this.#pool.delete(objectName(warm.id));
    } catch (error) {
      this.#context.log('a held Pod could not be deleted; the next start of the daemon does it', {
        error: String(error),
      });
    }
  }
}
