import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {onTestFinished} from 'vitest';

import {commonHeaders, dockerApi} from '../../src/api/api.ts';
import type {Engine} from '../../src/api/engine.ts';
import type {FailureListener} from '../../src/http/exchange.ts';
import {listenOnUnixSocket} from '../../src/http/server.ts';

/** The real server over an engine, on a Unix socket of its own, until the test ends. */
export async function serveApi(
  engine: Engine,
): Promise<{path: string; failures: Parameters<FailureListener>[0][]; close(): Promise<void>}> {
  const folder = await mkdtemp(join(tmpdir(), 'badidea-api-'));
  const path = join(folder, 'docker.sock');
  const failures: Parameters<FailureListener>[0][] = [];
  const server = await listenOnUnixSocket(path, {
    handler: dockerApi(engine),
    headers: commonHeaders,
    onFailure: failure => failures.push(failure),
  });
  onTestFinished(async () => {
    await server.close({graceMilliseconds: 100});
    await rm(folder, {recursive: true, force: true});
  });
  return {path, failures, close: () => server.close({graceMilliseconds: 100})};
}
