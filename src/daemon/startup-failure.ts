import {isErrno} from '../config/errno.ts';
import {DaemonError, Forbidden} from '../errors.ts';
import {Failure, failure} from '../failures/failure.ts';
import type {ClusterTarget, DaemonSettings} from './types.ts';

/** The one place where an error of the daemon's start becomes one of the registry, with what to do about it. */
export function startupFailure(
  error: unknown,
  at: {settings: DaemonSettings; target: ClusterTarget | undefined; log: string},
): Failure {
  if (error instanceof Failure) return error;
  const why = error instanceof Error ? error.message : String(error);
  const cluster = at.target?.contextName ?? at.settings.kubeContext ?? 'of the current context';
  const options = {cause: error};

  if (isErrno(error, 'EADDRINUSE')) return failure('BAD-204', {address: addressOf(error)}, options);
  if (!(error instanceof DaemonError)) return failure('BAD-001', {message: why, log: at.log}, options);
  switch (error.reason) {
    case 'kubeconfig':
      return failure('BAD-101', {why}, options);
    case 'context':
      return failure('BAD-102', {context: at.settings.kubeContext ?? '(current)', why}, options);
    case 'plugin-missing':
    case 'plugin-failed':
      return failure('BAD-105', {cluster, why}, options);
    case 'unauthorised':
      return failure('BAD-104', {cluster, why}, options);
    case 'dns':
    case 'refused':
    case 'timeout':
    case 'tls':
    case 'proxy':
    case 'connection':
      return failure('BAD-103', {cluster, why}, options);
    case undefined:
      if (error instanceof Forbidden) return failure('BAD-502', {cluster, message: why}, options);
      return error.name === 'Unavailable'
        ? failure('BAD-103', {cluster, why}, options)
        : failure('BAD-001', {message: why, log: at.log}, options);
    default:
      return failure('BAD-001', {message: why, log: at.log}, options);
  }
}

function addressOf(error: unknown): string {
  if (!(error instanceof Error) || !('address' in error)) return 'of the socket';
  return 'port' in error ? `${String(error.address)}:${String(error.port)}` : String(error.address);
}
