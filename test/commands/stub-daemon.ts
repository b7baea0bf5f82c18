import {readFile} from 'node:fs/promises';
import {createServer, type RequestListener} from 'node:http';
import {createServer as createTlsServer} from 'node:https';

import {prepareCluster} from '../../src/daemon/prepare-cluster.ts';
import {listenOnSocket} from '../../src/daemon/private-socket.ts';
import type {DaemonSettings, Log, RunningDaemon, Startup, TcpSettings} from '../../src/daemon/types.ts';
import {Forbidden, Unavailable} from '../../src/errors.ts';

/**
 * Stands in for src/daemon/daemon.ts in an installed copy of badidea: a daemon whose cluster does what the name of its kubeconfig context says. It keeps the
 * Docker socket and answers /_ping, so that the docker CLI can be pointed at it.
 */
export async function startDaemon(
  settings: DaemonSettings,
  log: Log,
  startup: Startup,
): Promise<RunningDaemon> {
  const contextName = settings.kubeContext ?? 'kind-stub';
  const namespace = settings.namespace ?? 'from-context';
  const target = {contextName, server: 'https://127.0.0.1:6443', userName: 'someone', namespace};
  const cluster = {
    ...target,
    async serverVersion() {
      if (contextName === 'kind-unreachable')
        throw new Unavailable('Nothing listens at 127.0.0.1:6443.', {reason: 'refused'});
      if (contextName === 'kind-expired') throw new Forbidden('Sign in again.', {reason: 'unauthorised'});
      if (contextName === 'kind-bug') throw new TypeError('x is not a function');
      if (contextName === 'kind-crash') process.abort();
      if (contextName === 'kind-slow') await new Promise(resolve => setTimeout(resolve, 1500));
      const version = contextName === 'kind-old' ? 'v1.24.3' : 'v1.36.3';
      return {version, architecture: 'amd64', relistsOnDemand: true};
    },
    missingRights: async () => (contextName === 'kind-poor' ? ['create pods', 'get pods/exec'] : []),
    ensureNamespace: async () => 'exists' as const,
    podSecurityLevel: async () => 'baseline',
  };
  const {version} = await prepareCluster(cluster, startup);
  const docker = createServer(answer);
  await startup.step('Listen', () => listenOnSocket(docker, settings.dockerSocket));
  const tls = settings.tcp && (await listenWithTls(settings.tcp));
  log.info('the stub runs', {namespace});

  return {
    status: () => ({
      cluster: {...target, version, reachable: contextName !== 'kind-lost', watchAgeMs: 40},
      containers: {running: 2, created: 0, paused: 0, exited: 1},
      forwards:
        contextName === 'kind-retrying'
          ? [
              {
                container: 'web\u001b[31m',
                local: '127.0.0.1:8081',
                target: '80/tcp',
                state: 'retrying',
                detail: 'pod restarting',
              },
            ]
          : [{container: 'web', local: '127.0.0.1:8080', target: '80/tcp', state: 'up'}],
      links: {connected: 2, broken: 0},
    }),
    removeAll: async () =>
      contextName === 'kind-sticky'
        ? {containers: 1, leftovers: ['pod/bad-0123: forbidden']}
        : {containers: 2, leftovers: []},
    async stop() {
      if (contextName === 'kind-deaf') await new Promise(() => undefined);
      docker.close();
      docker.closeAllConnections();
      tls?.close();
      tls?.closeAllConnections();
    },
  };
}

async function listenWithTls({host, port, caFile, certificateFile, keyFile}: TcpSettings) {
  const [ca, cert, key] = await Promise.all([caFile, certificateFile, keyFile].map(file => readFile(file)));
  const server = createTlsServer({ca, cert, key, requestCert: true, rejectUnauthorized: true}, answer);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return server;
}

const answer: RequestListener = (_, response) => {
  response
    .setHeader('Api-Version', '1.51')
    .setHeader('Content-Type', 'application/json')
    .end('{"Version":"stub"}');
};
