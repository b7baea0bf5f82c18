import {text} from 'node:stream/consumers';

import {isErrno} from '../config/errno.ts';
import {Failure, failure} from '../failures/failure.ts';
import type {FailedAnswer, StatusAnswer} from './control-server.ts';
import type {RemoveResult} from './messages.ts';
import {type DaemonRecord, isRecord} from './record.ts';

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
export function controlClient(
  socketPath: string,
  describe: () => Promise<{pid: number | string; log: string}>,
): ControlClient {
  async function call<T>(
    path: string,
    options: {timeoutMs: number; is: (answer: unknown) => answer is T; method?: string},
  ) {
    const {timeoutMs, is, method = 'GET'} = options;
    try {
      const answer = await ask({socketPath, method, path, signal: AbortSignal.timeout(timeoutMs)});
      if (answer === undefined || is(answer)) return answer;
      throw new Error(`the daemon's answer to ${path} is none of this version's: badidea down && badidea up`);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
      throw failure('BAD-214', {...(await describe()), seconds: timeoutMs / 1000}, {cause: error});
    }
  }

  return {
    hello: (timeoutMs = 60_000) => call('/v0/hello', {timeoutMs, is: isRecord}),
    status: (timeoutMs = 5000) => call('/v0/status', {timeoutMs, is: isStatusAnswer}),
    remove: () => call('/v0/remove', {method: 'POST', timeoutMs: 300_000, is: isRemoveResult}),
    async stop(timeoutMs = 20_000) {
      const answer = await call('/v0/stop', {method: 'POST', timeoutMs, is: isObject});
      return answer === undefined ? undefined : true;
    },
  };
}

// An import of node:http evaluates all its exports, among them WebSocket, and with that undici: 25 ms of every command.
const {request} = process.getBuiltinModule('node:http');

async function ask(options: {
  socketPath: string;
  method: string;
  path: string;
  signal: AbortSignal;
}): Promise<unknown> {
  const {promise, resolve, reject} = Promise.withResolvers<unknown>();
  const sent = request({...options, agent: false}, response => {
    // The body's end is also the end of the connection: after `stop` the process has closed it.
    text(response).then(body => settle(response.statusCode, body), reject);
  });
  const settle = (code: number | undefined, body: string) => {
    const answer: unknown = JSON.parse(body);
    if (code === 200) return resolve(answer);
    return reject(isFailed(answer) ? new Failure(answer.failure) : new Error(`the daemon answered ${code}`));
  };
  // ECONNRESET: it was just ending.
  const gone = ['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ECONNRESET'];
  sent.once('error', error => (gone.some(code => isErrno(error, code)) ? resolve(undefined) : reject(error)));
  sent.end();
  return promise;
}

// The other end is our own program of nearly the same version behind a 0600 socket: its answers are told apart, not checked field by field.
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isFailed(value: unknown): value is FailedAnswer {
  return isObject(value) && 'failure' in value;
}

function isStatusAnswer(value: unknown): value is StatusAnswer {
  return isObject(value) && 'record' in value && 'status' in value;
}

function isRemoveResult(value: unknown): value is RemoveResult {
  return isObject(value) && 'containers' in value && 'leftovers' in value;
}
