import {readFileSync} from 'node:fs';
import type {IncomingMessage} from 'node:http';
import {Agent, request, type RequestOptions} from 'node:https';
import {text} from 'node:stream/consumers';

import {type ClusterTarget, loadClusterTarget} from '../../src/cluster/kubeconfig.ts';
import {apiUrl, configFile} from './config-files.ts';
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

/** A connection to an API server as its administrator: the few calls that setting the stage takes. */
export type Api = {
  /** The parsed answer, or the text if it is no JSON; throws ApiError for any status of 400 and above. */
  call(method: string, path: string, body?: object): Promise<unknown>;
  /** Makes an object, or makes the one that is there what `body` says (server-side apply); the path ends in its name. */
  apply(path: string, body: object): Promise<void>;
  close(): void;
};

type Connection = {server: string; options: RequestOptions};

/** Connects to the built cluster, or to the current one of another kubeconfig, or to one that was read from there. */
export async function openApi(
  signal: AbortSignal,
  admin: string | ClusterTarget = kubeconfigPaths.admin,
): Promise<Api> {
  const {server, options} = admin === kubeconfigPaths.admin ? builtCluster() : await anyCluster(admin);
  const agent = options.agent ?? new Agent({ca: options.ca, keepAlive: true});

  async function call(
    method: string,
    path: string,
    body?: object,
    type = 'application/json',
  ): Promise<unknown> {
    const headers = {...options.headers, 'content-type': type};
    const answer = await send(new URL(path, server), {...options, agent, method, headers, signal}, body);
    if (answer.status >= 400) {
      throw new ApiError(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`, answer.status);
    }
    return answer.json ? (JSON.parse(answer.text) as unknown) : answer.text;
  }

  async function apply(path: string, body: object): Promise<void> {
    const manager = `${path}?fieldManager=badidea-test&force=true`;
    await call('PATCH', manager, body, 'application/apply-patch+yaml');
  }

  return {call, apply, close: () => agent instanceof Agent && agent.destroy()};
}

/** Read without the Kubernetes client, which alone takes half a second to load. */
function builtCluster(): Connection {
  const token = /"token": "([0-9a-f]+)"/.exec(readFileSync(kubeconfigPaths.admin, 'utf8'))?.[1] ?? '';
  return {
    server: apiUrl,
    options: {ca: readFileSync(configFile('ca.crt')), headers: {authorization: `Bearer ${token}`}},
  };
}

async function anyCluster(admin: string | ClusterTarget): Promise<Connection> {
  const target =
    typeof admin === 'string' ? await loadClusterTarget({kubeconfig: admin, env: process.env}) : admin;
  const {KubeConfig} = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const names = {cluster: target.clusterName, user: target.userName};
  config.loadFromString(
    JSON.stringify({
      'current-context': target.contextName,
      clusters: [{name: names.cluster, cluster: target.cluster}],
      users: [{name: names.user, user: target.user}],
      contexts: [{name: target.contextName, context: names}],
    }),
  );
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return {server: target.cluster.server, options};
}

async function send(
  url: URL,
  options: RequestOptions,
  body: object | undefined,
): Promise<{status: number; json: boolean; text: string}> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, options, resolve);
    sent.once('error', reject);
    sent.end(body && JSON.stringify(body));
  });
  const json = response.headers['content-type'] === 'application/json';
  return {status: response.statusCode ?? 0, json, text: await text(response)};
}
