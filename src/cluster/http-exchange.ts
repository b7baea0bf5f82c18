import type {Readable} from 'node:stream';

export interface HttpRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  signal: AbortSignal | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Fails if it is cut short. */
  body: Readable;
}

/** How long the server may think before its answer begins. */
export const headersTimeoutMs = 30_000;
