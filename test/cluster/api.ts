import {readFileSync} from 'node:fs';
import {Agent, request, type RequestOptions} from 'node:https';
import {text} from 'node:stream/consumers';

import {configFile, apiUrl} from './config-files.ts';
import {kubeconfigPaths} from './paths.ts';

/** An answer of the API server that is no success. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** A connection to the API server as the administrator: the few calls that the cluster's own set-up makes. */
export type Api = {
  /** Returns the parsed answer; throws ApiError for any status of 400 and above. */
  call(method: string, path: string, body?: object): Promise<unknown>;
  /** Creates, and is content if the object is there already. */
  ensure(path: string, body: object): Promise<void>;
  close(): void;
};

export function adminApi(signal: AbortSignal): Api {
  const agent = new Agent({keepAlive: true, ca: readFileSync(configFile('ca.crt'))});
  const headers = {authorization: `Bearer ${adminToken()}`, 'content-type': 'application/json'};
  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await send({agent, method, headers, signal}, path, body);
    if (answer.status >= 400) {
      throw new ApiError(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`, answer.status);
    }
    return answer.json ? (JSON.parse(answer.text) as unknown) : answer.text;
  }
  async function ensure(path: string, body: object): Promise<void> {
    await call('POST', path, body).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 409)) {
        throw error;
      }
    });
  }
  return {call, ensure, close: () => agent.destroy()};
}

async function send(
  options: RequestOptions,
  path: string,
  body: object | undefined,
): Promise<{status: number; json: boolean; text: string}> {
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const sent = request(new URL(path, apiUrl), options, resolve);
    sent.once('error', reject);
    sent.end(body && JSON.stringify(body));
  });
  const json = response.headers['content-type'] === 'application/json';
  return {status: response.statusCode ?? 0, json, text: await text(response)};
}

function adminToken(): string {
  const match = /"token": "([0-9a-f]+)"/.exec(readFileSync(kubeconfigPaths.admin, 'utf8'));
  return match?.[1] ?? '';
}
