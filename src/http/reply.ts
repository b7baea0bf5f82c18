import type {Writable} from 'node:stream';

/** What is written in one go; the parts of a list go out together, none copied (a frame's head and its payload). */
export type Piece = string | Uint8Array | readonly Uint8Array[];

export type ReplyHeaders = Readonly<Record<string, string>>;

/** An answer whose body is known. */
export interface WholeReply {
  kind: 'whole';
  status: number;
  headers: ReplyHeaders;
  body: string;
}

/** An answer that goes on: its head is sent at once, then each piece as it comes; it ends with the pieces. */
export interface StreamReply {
  kind: 'stream';
  status: number;
  headers: ReplyHeaders;
  pieces: AsyncIterable<Piece>;
}

/**
 * The connection becomes a raw stream in both directions: status 101 if the client asked for an upgrade, a bare 200 if not. What the client
 * sends goes to `input`, which is ended by its half-close; the connection is closed when the pieces end.
 */
export interface HijackReply {
  kind: 'hijack';
  headers: ReplyHeaders;
  input: Writable | undefined;
  pieces: AsyncIterable<Piece>;
  /** without the headers that the server puts on every reply */
  bare: boolean;
}

export type Reply = WholeReply | StreamReply | HijackReply;

/** A JSON body and its newline, as Go's encoder writes it. */
export function json(status: number, value: unknown, headers: ReplyHeaders = {}): WholeReply {
  const body = `${JSON.stringify(value)}\n`;
  return {kind: 'whole', status, headers: {'Content-Type': 'application/json', ...headers}, body};
}

export function text(
  status: number,
  contentType: string,
  body: string,
  headers: ReplyHeaders = {},
): WholeReply {
  return {kind: 'whole', status, headers: {'Content-Type': contentType, ...headers}, body};
}

/** No body and no content type. */
export function empty(status: number, headers: ReplyHeaders = {}): WholeReply {
  return {kind: 'whole', status, headers, body: ''};
}

export function stream(
  contentType: string,
  pieces: AsyncIterable<Piece>,
  headers: ReplyHeaders = {},
): StreamReply {
  return {kind: 'stream', status: 200, headers: {'Content-Type': contentType, ...headers}, pieces};
}

export function hijack(
  contentType: string,
  {input, pieces, bare = false}: {input?: Writable | undefined; pieces: AsyncIterable<Piece>; bare?: boolean},
): HijackReply {
  return {kind: 'hijack', headers: {'Content-Type': contentType}, input, pieces, bare};
}
