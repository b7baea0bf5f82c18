import {
  CommandFailed,
  Conflict,
  DaemonError,
  type FailureReason,
  Forbidden,
  InvalidRequest,
  NotFound,
  NotReady,
  TooLarge,
  Unavailable,
} from '../errors.ts';
import {ProxyRefusal} from './through-proxy.ts';

/** The part of a Kubernetes `Status` that we read. All of it is optional: proxies answer in their own words. */
export interface Status {
  status?: string;
  message?: string;
  reason?: string;
  code?: number;
  details?: {causes?: {reason?: string; message?: string}[]; retryAfterSeconds?: number};
}

/** The collection has moved on past the place that a list or a watch asked for: HTTP 410. Never leaves this room. */
export class Expired extends Unavailable {}

/** An answer that is no success, as our error with the API server's own sentence. `body` is the answer's text, JSON or not. */
export function failureOf(code: number, body: string): DaemonError {
  const status = parseStatus(body);
  const message =
    status?.message || body.trim().slice(0, 500) || `The API server answered ${code} without a reason.`;
  switch (code) {
    case 401:
      return new Forbidden('The cluster does not accept the credentials of the kubeconfig: sign in again.', {
        reason: 'unauthorised',
      });
    case 403:
      return new Forbidden(message);
    case 404:
      return new NotFound(message);
    case 409:
      return new Conflict(message);
    case 410:
      return new Expired(message);
    case 413:
      return new TooLarge(message);
    default:
      return code === 429 || code >= 500 ? new Unavailable(message) : new InvalidRequest(message);
  }
}

/** As JSON, or undefined if it is none. */
export function parseStatus(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** What kubelet and containerd say of a container that does not run yet, or no more. The same sentence comes as HTTP 400, 404, 500 or on the status channel, by version. */
const notRunning =
  /does not have a host assigned|container not found|pod does not exist|not running|no running task|CONTAINER_(CREATED|EXITED)|stopped (state|container)|cannot exec in a (stopped|deleted)/i;
const maxPortMessage = 500;
const cannotExecute = /permission denied|exec format error/i;
const noSuchProgram = /executable file not found|no such file or directory/i;

/** As `failureOf`, for a refused exec: NotReady while the container does not run, CommandFailed if the program cannot be run. */
export function execFailureOf(code: number, body: string): DaemonError {
  const message = parseStatus(body)?.message ?? body;
  if (code !== 401 && code !== 403 && notRunning.test(message)) return new NotReady(message);
  if (/exec failed|failed to exec|failed to start exec/i.test(message)) {
    if (noSuchProgram.test(message)) return new CommandFailed(message, 127);
    if (cannotExecute.test(message)) return new CommandFailed(message, 126);
  }
  return failureOf(code, body);
}

/** What containerd, CRI-O and cri-dockerd say of a port that nobody listens on yet, or of a Pod whose sandbox is not there yet or no more. */
const portNotReady =
  /connection refused|failed to connect to localhost|pod not found \(|sandbox.*not found|could not find sandbox/i;

/** As `failureOf`, for a port of a Pod, whether the upgrade was refused or the error channel spoke: NotReady while nothing listens there. */
export function portFailureOf(code: number, body: string): DaemonError {
  const message = (parseStatus(body)?.message ?? body).slice(0, maxPortMessage);
  if (code !== 401 && code !== 403 && (portNotReady.test(message) || notRunning.test(message)))
    return new NotReady(message);
  return failureOf(code, body);
}

/** A connection that could not be made or was lost, as Unavailable with what is at fault. Our own errors and aborts pass unchanged. */
export function connectionFailure(error: unknown, server: URL): unknown {
  if (error instanceof DaemonError || (error instanceof Error && error.name === 'AbortError')) return error;
  const reason = reasonOf(error);
  return new Unavailable(`${sentences[reason](server)} (${textOf(error)})`, {cause: error, reason});
}

const sentences: Record<NetworkReason, (server: URL) => string> = {
  dns: server => `The name ${server.hostname} of the API server cannot be resolved: is the VPN up?`,
  refused: server =>
    `Nothing listens at ${server.host}: the cluster is not running, or the kubeconfig is old.`,
  timeout: server => `The API server ${server.host} does not answer: is the VPN up?`,
  tls: server =>
    `The certificate of the API server ${server.host} is not the one that the kubeconfig promises.`,
  proxy: server => `The API server ${server.host} cannot be reached through the proxy.`,
  connection: server => `The connection to the API server ${server.host} was lost.`,
};

type NetworkReason = Extract<FailureReason, 'dns' | 'refused' | 'timeout' | 'tls' | 'proxy' | 'connection'>;

function reasonOf(error: unknown): NetworkReason {
  if (error instanceof ProxyRefusal) return 'proxy';
  const code = codeOf(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns';
  if (code === 'ECONNREFUSED') return 'refused';
  if (/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/.test(code))
    return 'timeout';
  if (/CERT|^ERR_TLS|^ERR_SSL|^EPROTO$|UNABLE_TO|SELF_SIGNED|CA_/.test(code)) return 'tls';
  return 'connection';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function textOf(error: unknown): string {
  // The error of several tried addresses has no text of its own.
  if (error instanceof AggregateError && error.message === '') return textOf(error.errors[0]);
  return error instanceof Error ? error.message || codeOf(error) : String(error);
}
