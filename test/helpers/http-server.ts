import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {PassThrough} from 'node:stream';

import {onTestFinished} from 'vitest';

import type {FailureListener} from '../../src/http/exchange.ts';
import {type Piece, hijack} from '../../src/http/reply.ts';
import type {Handler} from '../../src/http/request.ts';
import {listenOnUnixSocket} from '../../src/http/server.ts';
import {type RawClient, connectRaw} from './raw-client.ts';

/** A server on a Unix socket of its own until the test ends. */
export async function serveOn(handler: Handler) {
  const folder = await mkdtemp(join(tmpdir(), 'badidea-http-'));
  const path = join(folder, 's');
  const failures: Parameters<FailureListener>[0][] = [];
  const server = await listenOnUnixSocket(path, {
    handler,
    headers: {Server: 'test'},
    onFailure: failure => failures.push(failure),
  });
  onTestFinished(async () => {
    await server.close({graceMilliseconds: 50});
    await rm(folder, {recursive: true, force: true});
  });
  return {path, failures, server, connect: (): Promise<RawClient> => connectRaw({path})};
}

export async function* never(): AsyncGenerator<Piece> {
  yield* await new Promise<Piece[]>(() => {});
}

/** Says back what it is told, and `bye` when the client has closed its half. */
export const echo: Handler = async request => {
  const body = await request.body(1000);
  const input = new PassThrough();
  async function* pieces(): AsyncGenerator<Piece> {
    yield `[${body.toString()}]`;
    yield* input;
    yield 'bye';
  }
  return hijack('application/x', {input, pieces: pieces()});
};
