/**
 * One class per kind of failure. Who throws says what happened; `http/status.ts` gives the status code. The message is what the user reads: Docker's own words
 * where clients match on them.
 */
export class DaemonError extends Error {
  override readonly name: string = 'DaemonError';
  readonly reason: FailureReason | undefined;

  constructor(message: string, options: ErrorOptions & {reason?: FailureReason} = {}) {
    super(message, options);
    this.reason = options.reason;
  }
}

/** What, between us and the API server, is at fault; the CLI's registry has a page of advice for each. */
export type FailureReason =
  | 'kubeconfig'
  | 'context'
  | 'plugin-missing'
  | 'plugin-failed'
  | 'unauthorised'
  | 'dns'
  | 'refused'
  | 'timeout'
  | 'tls'
  | 'proxy'
  | 'connection';

/** The request itself is wrong: 400. */
export class InvalidRequest extends DaemonError {
  override readonly name = 'InvalidRequest';
}

/** 404 */
export class NotFound extends DaemonError {
  override readonly name = 'NotFound';
}

/** The state of the thing, or a name in use, forbids it: 409. */
export class Conflict extends DaemonError {
  override readonly name = 'Conflict';
}

/** Already as asked (start of a running container): 304, no body. */
export class NotModified extends DaemonError {
  override readonly name = 'NotModified';
}

/** Policy, or the cluster's own rules (RBAC, quota, admission), refuse: 403. */
export class Forbidden extends DaemonError {
  override readonly name = 'Forbidden';
}

/** The body or a stream is larger than we take: 413. */
export class TooLarge extends DaemonError {
  override readonly name = 'TooLarge';
}

/** Docker has it, badidea does not: 501. */
export class NotSupported extends DaemonError {
  override readonly name = 'NotSupported';
}

/** The cluster, or the tunnel to a container, cannot be reached now: 503. */
export class Unavailable extends DaemonError {
  override readonly name = 'Unavailable';
}

/** A container of the Pod does not run yet; try again when the Pod has changed. Never leaves the engine. */
export class NotReady extends DaemonError {
  override readonly name = 'NotReady';
}

/** A command that was run in a container by `Cluster.exec` ended with another code than 0; 126 and 127 when it could not be started. Never leaves the engine. */
export class CommandFailed extends DaemonError {
  override readonly name = 'CommandFailed';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}
