import type {z} from 'zod';

import {InvalidRequest} from '../errors.ts';
import type {Reply} from '../http/reply.ts';
import type {HttpRequest} from '../http/request.ts';
import type {ParamsOf} from '../http/router.ts';
import {parseJsonBody} from '../wire/json-body.ts';
import {fieldNamesOf, mergeNames, spellKeys, type FieldNames} from '../wire/json-keys.ts';
import type {QueryValue} from '../wire/query-values.ts';
import type {Engine} from './engine.ts';

/** One operation of the Docker Engine API, as the router wants it. */
export interface Endpoint {
  readonly method: Method;
  /** without the version: `/containers/{id}/json` */
  readonly path: string;
  readonly serve: (call: Call, engine: Engine) => Promise<Reply> | Reply;
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** A request that found its endpoint. */
export interface Call {
  request: HttpRequest;
  params: Readonly<Record<string, string>>;
  /** The second number of the API version that the client speaks: 51 for `/v1.51/…` and for a path without a version. */
  minor: number;
}

type QueryValues = Readonly<Record<string, QueryValue<unknown>>>;

interface Definition<Path extends string, Query extends QueryValues, Body extends z.ZodType> {
  /** the keys that are read; all others are ignored, as dockerode repeats the body there */
  query?: Query;
  /** of the JSON body; an empty one is read as {} */
  body?: Body;
  /** an empty body is an error */
  bodyRequired?: boolean;
  /** names of fields that `raw` is to have spelt right, beside those of `body` */
  names?: FieldNames;
  handle: (input: Input<Path, Query, Body>, engine: Engine) => Promise<Reply> | Reply;
}

/** What a handler gets, all of it validated but `raw`. */
interface Input<Path extends string, Query extends QueryValues, Body extends z.ZodType> {
  params: ParamsOf<Path>;
  query: {readonly [Name in keyof Query]: ReturnType<Query[Name]>};
  body: z.output<Body>;
  /** the body as it was sent, its keys spelt as Docker spells them */
  raw: unknown;
  request: HttpRequest;
  minor: number;
}

/** What moby takes for a body of JSON. */
const bodyLimit = 4 * 1024 * 1024;

/** Defines an operation: what it reads, and what it does with it. */
export function endpoint<
  const Path extends string,
  const Query extends QueryValues = Record<string, never>,
  Body extends z.ZodType = z.ZodUndefined,
>(method: Method, path: Path, definition: Definition<Path, Query, Body>): Endpoint {
  const {query, body: schema, bodyRequired = false, handle} = definition;
  const names = schema ? mergeNames(fieldNamesOf(schema), definition.names ?? {}) : {};
  return {
    method,
    path,
    async serve({request, params, minor}, engine) {
      const raw = schema ? spellKeys(await readBody(request, bodyRequired), names) : undefined;
      const input = {
        params,
        query: readQuery(request.query, query),
        body: schema ? validated(schema, raw) : undefined,
        raw,
        request,
        minor,
      };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types are made of the very values that it was just read by
      return handle(input as Input<Path, Query, Body>, engine);
    },
  };
}

async function readBody(request: HttpRequest, required: boolean): Promise<unknown> {
  const body = await request.body(bodyLimit);
  if (body.length > 0) requireJson(request.headers['content-type'] ?? '');
  const value = parseJsonBody(body);
  if (value === undefined && required)
    throw new InvalidRequest('invalid JSON: got EOF while reading request body');
  return value ?? {};
}

function requireJson(contentType: string): void {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/json') return;
  throw new InvalidRequest(
    type
      ? `unsupported Content-Type header (${contentType}): must be 'application/json'`
      : "malformed Content-Type header (): mime: no media type: must be 'application/json'",
  );
}

/** Of a key that is repeated the first counts, as in Go. */
function readQuery(params: URLSearchParams, query: QueryValues | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query ?? {}).map(([name, read]) => [name, read(params.get(name) ?? undefined, name)]),
  );
}

/** All problems at once, five at most: each by its path. */
function validated(schema: z.ZodType, raw: unknown): unknown {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  throw new InvalidRequest(`invalid JSON: ${result.error.issues.slice(0, 5).map(problem).join('\n')}`);
}

function problem(issue: z.core.$ZodIssue): string {
  // of a map's key its own check has the reason
  const {message} = (issue.code === 'invalid_key' && issue.issues[0]) || issue;
  const path = issue.path.join('.').slice(0, 200) || 'the body';
  return `${path}: ${message.replace(/^Invalid input: /, '')}`;
}
