import type {Duplex} from 'node:stream';

import type {V1ConfigMap, V1Pod, V1Secret} from '@kubernetes/client-node';

/**
 * The Kubernetes namespace that the daemon works in, in the few words that the rest of badidea needs. `kubernetes.ts` implements it over the
 * API server, `test/fakes/memory-cluster.ts` over Maps; one contract suite holds both to the same behaviour.
 *
 * Every method rejects with the errors of `src/errors.ts`: NotFound, Conflict, Forbidden (with the API server's own sentence), Unavailable (the
 * cluster cannot be reached; safe to try again), InvalidRequest. Objects that lack our labels are invisible: they are NotFound.
 */
export interface Cluster {
  readonly namespace: string;
  createPod(pod: Pod): Promise<Pod>;
  /** A strategic merge patch of a Pod that is ours; a namesake of it that came later is NotFound. */
  patchPod(name: string, patch: object): Promise<Pod>;
  /** Ends a Pod. Absent is fine. `uid` guards against a namesake; grace 0 takes it out of the API at once. */
  deletePod(name: string, options: {uid?: string; gracePeriodSeconds?: number}): Promise<void>;
  createSecret(secret: Secret): Promise<Secret>;
  /** A merge patch of a Secret that is ours; `resourceVersion` in the patch's metadata makes a stale write a Conflict. */
  patchSecret(name: string, patch: object): Promise<Secret>;
  deleteSecret(name: string, options?: {uid?: string}): Promise<void>;
  /** Creates it unless one of that name and content is there (immutable, named by its content's hash); another content is a Conflict. */
  ensureConfigMap(configMap: ConfigMap): Promise<void>;
  deleteConfigMaps(): Promise<void>;
  /** A list, then every change after it, for ever: reconnects, relists after 410, until the signal aborts. See `Watch`. */
  watch<K extends keyof Watched>(kind: K, handler: WatchHandler<Watched[K]>, signal: AbortSignal): Watch;
  /**
   * Runs a command in a Pod's container. Resolves when its streams are open; written bytes go to its stdin (an end is a half-close), read bytes
   * are its stdout. Its stderr (bounded) is the text of the CommandFailed with which a failed command ends the stream, after the last of its output. A lost
   * connection ends it with Unavailable; the command then sees the end of its stdin, nothing more. The signal ends the stream too.
   * Rejects with NotReady while the container does not run yet, NotFound when the Pod is gone. API servers before 1.36 accept first and ask the kubelet
   * afterwards: there the stream opens and then ends with NotReady, before any byte of output.
   */
  exec(pod: string, options: {container: string; command: string[]; signal?: AbortSignal}): Promise<Duplex>;
  /**
   * A TCP connection to a port on the Pod's own loopback. Resolves before it is known whether anything listens there: a refusal ends the stream with NotReady, before any
   * byte. There is no half-close: to end it closes it, and it ends when the Pod's side closes. A lost connection ends it with Unavailable; the signal ends it too.
   * Rejects with NotReady while the Pod has no node or sandbox yet, NotFound when it is gone, Forbidden without the right to it.
   */
  connect(pod: string, options: {port: number; signal?: AbortSignal}): Promise<Duplex>;
  /** The text that the cluster kept of a container's stdout and stderr, for Pods whose agent is gone. */
  podLog(pod: string, options: {container: string; tailLines?: number}): Promise<string>;
}

/** What `up` and `status` ask of a cluster before, and beside, the daemon's work in the namespace. */
export interface ClusterAdministration {
  readonly contextName: string;
  readonly server: string;
  readonly userName: string;
  readonly namespace: string;
  serverVersion(): Promise<ServerVersion>;
  /** The rules of our Role that the user lacks in the namespace, each as one readable line; empty = all is allowed. */
  missingRights(): Promise<string[]>;
  /** `created`, `exists`, or `unknown` when the user may neither create nor see namespaces. New ones are labelled Pod Security baseline. */
  ensureNamespace(): Promise<'created' | 'exists' | 'unknown'>;
  podSecurityLevel(): Promise<string | undefined>;
}

export interface ServerVersion {
  /** such as `v1.36.3` */
  version: string;
  /** of the API server's machine: the best guess there is at the nodes' without a right to list them */
  architecture: string;
  /** The kubelets of such a cluster tell at once that a container runs (PLEGOnDemandRelist, on since 1.36); before, up to a second later. */
  relistsOnDemand: boolean;
}

export interface Watched {
  pods: Pod;
  secrets: Secret;
}

/**
 * Synchronous callbacks in the cluster's order. `replaced` is called once the first list is there and after each relist, with every object that exists now:
 * whatever the handler knew and is not in it has gone.
 */
export interface WatchHandler<T> {
  replaced(objects: T[]): void;
  changed(object: T): void;
  deleted(object: T): void;
}

export interface Watch {
  /** Resolves after the first `replaced`; rejects if the first try fails (Forbidden, Unavailable). The watch goes on trying until its signal aborts. */
  readonly ready: Promise<void>;
  /** Milliseconds since anything (an event, a bookmark) was last heard; Infinity before. */
  age(): number;
}

export type Pod = V1Pod;
export type Secret = V1Secret;
export type ConfigMap = V1ConfigMap;
