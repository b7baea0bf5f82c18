import {request} from 'node:http';
import {text} from 'node:stream/consumers';

import {isErrno} from '../config/errno.ts';
import {Failure, failure} from '../failures/failure.ts';
import type {FailedAnswer, StatusAnswer} from './control-server.ts';
import type {RemoveResult} from './messages.ts';
import type {DaemonRecord} from './record.ts';

/** A daemon's control socket, from outside. Each method resolves to undefined when nobody listens there, and rejects with BAD-214 on silence. */
export interface ControlClient {
  /** What the daemon is; waits for one that is still starting. */
  hello(timeoutMs?: number): Promise<DaemonRecord | undefined>;
  status(timeoutMs?: number): Promise<StatusAnswer | undefined>;
  remove(): Promise<RemoveResult | undefined>;
  /** Resolves when its process has let go of the socket. */
  stop(timeoutMs?: number): Promise<true | undefined>;
}

/** Speaks to the daemon at that control socket. `describe` gives the facts for the error when it does not answer. */
export function controlClient(socketPath: string, describe: () => Promise<{pid: number | string; log: string}>): ControlClient {
  async function call(method: string, path: string, timeoutMs: number): Promise<unknown> {
    try {
      return await ask({socketPath, method, path, signal: AbortSignal.timeout(timeoutMs)});
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') {
        throw failure('BAD-214', {...(await describe()), seconds: timeoutMs / 1000}, {cause: error});
      }
      throw error;
    }
  }

  // The other end is our own program of (nearly) the same version behind a 0600 socket: its answers are not checked field by field.
  return {
    hello: async (timeoutMs = 60_000) => (await call('GET', '/v0/hello', timeoutMs)) as DaemonRecord | undefined,
    status: async (timeoutMs = 5000) => (await call('GET', '/v0/status', timeoutMs)) as StatusAnswer | undefined,
    remove: async () => (await call('POST', '/v0/remove', 300_000)) as RemoveResult | undefined,
    stop: async (timeoutMs = 20_000) => ((await call('POST', '/v0/stop', timeoutMs)) === undefined ? undefined : true),
  };
}

async function ask(options: {socketPath: string; method: string; path: string; signal: AbortSignal}): Promise<unknown> {
  const {promise, resolve, reject} = Promise.withResolvers<unknown>();
  const sent = request({...options, agent: false}, response => {
    // The body's end is also the end of the connection: after `stop` the process has closed it.
    text(response).then(body => {
      const parsed: unknown = JSON.parse(body);
      if (response.statusCode === 200) resolve(parsed);
      else reject(isFailed(parsed) ? new Failure(parsed.failure) : new Error(`the daemon answered ${response.statusCode}`));
    }, reject);
  });
  sent.once('error', error => {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ECONNREFUSED') || isErrno(error, 'ENOTDIR')) resolve(undefined);
    else reject(error);
  });
  sent.end();
  return promise;
}

function isFailed(value: unknown): value is FailedAnswer {
  return typeof value === 'object' && value !== null && 'failure' in value;
}
