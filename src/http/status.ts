import {
  Conflict,
  DaemonError,
  Forbidden,
  InvalidRequest,
  NotFound,
  NotModified,
  NotSupported,
  TooLarge,
  Unavailable,
} from '../errors.ts';
import {empty, json, type WholeReply} from './reply.ts';

/** The status code for a kind of error; 500 for what nobody foresaw. */
export function statusOf(error: unknown): number {
  if (error instanceof InvalidRequest) return 400;
  if (error instanceof Forbidden) return 403;
  if (error instanceof NotFound) return 404;
  if (error instanceof Conflict) return 409;
  if (error instanceof TooLarge) return 413;
  if (error instanceof NotSupported) return 501;
  if (error instanceof Unavailable) return 503;
  return error instanceof NotModified ? 304 : 500;
}

/** The whole answer to a request that failed, in Docker's shape. A bug says where its trace is. */
export function replyForError(error: unknown, requestId: string): WholeReply {
  const status = statusOf(error);
  if (status === 304) return empty(304);
  const message = error instanceof DaemonError ? error.message : bugMessage(error, requestId);
  return json(status, {message: printable(message)});
}

function bugMessage(error: unknown, requestId: string): string {
  const text = error instanceof Error ? error.message : String(error);
  return `badidea failed on this request: ${text}\nThis is a bug in badidea: its log has the details of request ${requestId}`;
}

/**
 * Control characters as \x1b and the like, newline and tab kept: docker prints an error as it comes, and parts of it may be from a
 * container, a cluster or a registry (threat T-45).
 */
export function printable(message: string): string {
  return message.replace(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, escaped);
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code > 0xff
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\x${code.toString(16).padStart(2, '0')}`;
}
