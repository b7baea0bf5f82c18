/**
 * One class per kind of failure. Who throws says what happened; `http/status.ts` gives the status code. The message is what the user reads: Docker's own words
 * where clients match on them.
 */
export class DaemonError extends Error {
  override readonly name: string = 'DaemonError';
}

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
