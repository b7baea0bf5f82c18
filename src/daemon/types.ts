import type {ClusterAdministration} from '../cluster/cluster.ts';
import type {RegistrySettings, WarmSettings} from '../config/settings.ts';

/**
 * Everything the daemon is told at its start: a plain snapshot, made by `up` from flags and config.json and sent over IPC. It holds no secret
 * (certificates and kubeconfig are paths), so it may be kept in daemon.json, compared and shown.
 */
export interface DaemonSettings {
  profile: string;
  /** Value of KUBECONFIG (one path or a list, all absolute). The daemon process has it in its environment too. Absent: the default place. */
  kubeconfig?: string;
  /** Absent: the kubeconfig's current context. */
  kubeContext?: string;
  /** Absent: the context's namespace, else `default`. */
  namespace?: string;
  /** Where the Docker API listens; its folder exists, is 0700 and ours. */
  dockerSocket: string;
  /** The Docker API over TCP, mutual TLS only. */
  tcp?: TcpSettings;
  /** 0700, for anything the daemon keeps for its log; never for truth. */
  stateDirectory: string;
  warm: WarmSettings;
  /** By registry name as in image references (`docker.io`). */
  registries: Record<string, RegistrySettings>;
  forward: {allowNonLoopback: boolean};
  /** What a container's Pod requests when `docker run` asks for nothing; Kubernetes quantities. */
  podRequests: {cpu: string; memory: string};
}

export interface TcpSettings {
  /** A loopback address. */
  host: string;
  port: number;
  /** PEM files: who may sign clients, and what the server shows. */
  caFile: string;
  certificateFile: string;
  keyFile: string;
}

/** What `daemon.ts`, the composition root, gives to the process around it. */
export interface RunningDaemon {
  status(): DaemonStatus;
  /** Removes every object of ours from the namespace. `leftovers` are those that could not be removed, each as `kind/name: reason`. */
  removeAll(): Promise<{containers: number; leftovers: string[]}>;
  /** Closes listeners, streams and the watch; the containers run on. */
  stop(): Promise<void>;
}

export type StartDaemon = (settings: DaemonSettings, log: Log, startup: Startup) => Promise<RunningDaemon>;

/** What a person sees of the daemon's start. Every step is shown on the terminal of `up` with its time; an error thrown in one goes there too. */
export interface Startup {
  /** Runs one step. `detail` turns its result into the few words beside it. */
  step<T>(title: string, work: () => Promise<T>, detail?: (result: T) => string): Promise<T>;
  /** Shows which cluster is meant, before anything is written to it, and asks where `up` must ask. Rejects when the answer is no. */
  confirm(target: ClusterTarget): Promise<void>;
  /** Aborts when `up` is interrupted before the daemon is ready. */
  signal: AbortSignal;
}

export type ClusterTarget = Pick<ClusterAdministration, 'contextName' | 'server' | 'userName' | 'namespace'>;

/** What the composition root knows about itself; the process adds pid, version and times. */
export interface DaemonStatus {
  cluster: ClusterTarget & {
    version?: string;
    reachable: boolean;
    /** Milliseconds since the watch was last heard. */
    watchAgeMs?: number;
  };
  containers: {running: number; created: number; paused: number; exited: number};
  forwards: ForwardStatus[];
  /** Streams to agents: `broken` ones are being rebuilt. */
  links: {connected: number; broken: number};
}

interface ForwardStatus {
  container: string;
  /** As `127.0.0.1:8080`. */
  local: string;
  /** As `80/tcp`. */
  target: string;
  state: 'up' | 'retrying';
  detail?: string;
}

/** One JSON line each in daemon.log. Fields never hold a secret. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** `error` may be anything thrown: its stack and causes are written. */
export type LogFields = Record<string, unknown>;
