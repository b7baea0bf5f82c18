import type {IncomingHttpHeaders} from 'node:http';
import type {Readable} from 'node:stream';

import type {Reply} from './reply.ts';

/** One request, read no further than its head. */
export interface HttpRequest {
  /** for the log and for a bug's message */
  readonly id: string;
  readonly method: string;
  /** percent-decoded, checked to be free of `..`, empty segments and control characters */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The client asked for `Upgrade: tcp`: a hijack will be answered with 101. */
  readonly upgrade: boolean;
  /** Aborted when the connection is gone, or the server is told to stop; a half-close does not abort it. */
  readonly signal: AbortSignal;
  /** The whole body; TooLarge above `limit` bytes. */
  body(limit: number): Promise<Buffer>;
  /** The body as it comes, for uploads. */
  bodyStream(): Readable;
}

/** Answers a request. What it throws becomes an error reply (`status.ts`). */
export type Handler = (request: HttpRequest) => Promise<Reply>;
