import type {Readable, Writable} from 'node:stream';

import type {ImageInspect, ImageSummary} from '../images/image-answers.ts';
import type {ContainerInspect, ContainerSummary} from '../translate/container-answers.ts';
import type {ContainerCreateRequest} from '../wire/container-create-request.ts';
import type {DockerEvent, EventOptions} from '../wire/events.ts';
import type {Filters} from '../wire/filters.ts';
import type {RegistryAuth} from '../wire/registry-auth.ts';

/**
 * What the endpoints ask of the engine. References are whatever a client may say for a container: its id, a unique prefix of it, its name with or without a slash.
 * Methods reject with the errors of `src/errors.ts`, in Docker's words.
 */
export interface Engine {
  readonly containers: Containers;
  readonly execs: Execs;
  readonly images: Images;
  readonly networks: Networks;
  readonly events: Events;
  readonly system: SystemFacts;
}

export interface Containers {
  create(
    request: ContainerCreateRequest,
    options: {name: string | undefined; platform: string | undefined; raw: unknown},
  ): Promise<{Id: string; Warnings: string[]}>;
  list(options: {
    all: boolean;
    limit: number | undefined;
    filters: Filters;
    size: boolean;
  }): ContainerSummary[];
  inspect(reference: string): ContainerInspect;
  start(reference: string): Promise<void>;
  /** `timeout` in seconds: -1 waits for ever, 0 kills at once, undefined = the container's own or 10 */
  stop(reference: string, options: {signal: string | undefined; timeout: number | undefined}): Promise<void>;
  kill(reference: string, signal: string | undefined): Promise<void>;
  remove(reference: string, options: {force: boolean; volumes: boolean}): Promise<void>;
  resize(reference: string, size: TerminalSize): Promise<void>;
  /** Registered when it returns; `exit` resolves later. */
  wait(reference: string, condition: WaitCondition, signal: AbortSignal): {exit: Promise<WaitResult>};
  attach(reference: string, options: AttachOptions): Promise<Attachment>;
  logs(reference: string, options: LogOptions): Promise<{tty: boolean; output: Readable}>;
  prune(filters: Filters): Promise<{ContainersDeleted: string[]; SpaceReclaimed: number}>;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';
export interface WaitResult {
  StatusCode: number;
  Error?: {Message: string};
}

export interface TerminalSize {
  rows: number;
  columns: number;
}

export interface AttachOptions {
  stream: boolean;
  logs: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/**
 * `output` is a Readable in object mode of OutputChunk; it ends when the container's run has ended and all is read. Destroying it detaches.
 * An end of `stdin` is the client's half-close.
 */
export interface Attachment {
  tty: boolean;
  output: Readable;
  stdin: Writable | undefined;
}

/** `time`: nanoseconds since 1970. Channel 3 is Docker's "system error" frame. */
export interface OutputChunk {
  channel: 1 | 2 | 3;
  time: bigint;
  bytes: Buffer;
}

/** Times in nanoseconds since 1970; tail undefined = all. `output`: object mode, one OutputChunk for each line (its newline included) or unfinished last piece. */
export interface LogOptions {
  stdout: boolean;
  stderr: boolean;
  follow: boolean;
  tail: number | undefined;
  since: bigint | undefined;
  until: bigint | undefined;
  signal: AbortSignal;
}

export interface Execs {
  create(container: string, request: ExecCreateRequest): Promise<{Id: string}>;
  /** Resolves when the process runs, or with an Attachment whose output is the error text when it could not (Docker does so after the 101). */
  start(id: string, options: {tty: boolean; size: TerminalSize | undefined}): Promise<Attachment>;
  /** Detached: resolves when the process runs, rejects when it could not. */
  startDetached(id: string): Promise<void>;
  resize(id: string, size: TerminalSize): Promise<void>;
  inspect(id: string): ExecInspect;
}

export interface ExecCreateRequest {
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  DetachKeys: string;
  Tty: boolean;
  Env: string[];
  Cmd: string[];
  Privileged: boolean;
  User: string;
  WorkingDir: string;
  ConsoleSize: [number, number] | undefined;
}

export interface ExecInspect {
  ID: string;
  Running: boolean;
  ExitCode: number | null;
  ProcessConfig: {tty: boolean; entrypoint: string; arguments: string[]; privileged: boolean; user?: string};
  OpenStdin: boolean;
  OpenStderr: boolean;
  OpenStdout: boolean;
  CanRemove: boolean;
  ContainerID: string;
  DetachKeys: string;
  Pid: number;
}

export interface Images {
  /** Progress objects (JSON messages of a pull) as they come; rejects before the first for what Docker answers with a status (404 unknown, 400 malformed). */
  pull(options: {
    reference: string;
    platform: string | undefined;
    auth: RegistryAuth | undefined;
    signal: AbortSignal;
  }): Promise<AsyncIterable<object>>;
  list(options: {filters: Filters}): ImageSummary[];
  inspect(reference: string): ImageInspect;
}

export interface Networks {
  list(filters: Filters): object[];
  inspect(reference: string): object;
}

export interface Events {
  /** Replays what `since` asks for, then follows until `until` or the signal. */
  subscribe(options: EventOptions & {signal: AbortSignal}): AsyncIterable<DockerEvent>;
}

/** The facts behind `/version` and `/info`. */
export interface SystemFacts {
  /** badidea's own */
  version: string;
  /** of the nodes, as images name it: `amd64` */
  architecture: string;
  kubernetesVersion(): string | undefined;
  namespace: string;
  contextName: string;
  server: string;
  daemonId: string;
  startedAt: Date;
}
