import {randomBytes} from 'node:crypto';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {afterAll, afterEach, beforeAll, expect, it, vi} from 'vitest';

import {ApiError, openApi} from './api.ts';
import {currentContextCluster, demoCluster} from './demo-cluster.ts';
import {testCluster, type Found} from './test-cluster.ts';

const minutes = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'context-'));
let found: Found;

beforeAll(async () => {
  found = await testCluster();
}, 40 * minutes);

afterEach(() => {
  vi.unstubAllEnvs();
});

afterAll(() => rmSync(folder, {recursive: true}));

it('the current context is borrowed: its restricted user works in the one namespace and goes with it', async context => {
  const cluster = found.cluster ?? context.skip(found.skip);
  const namespace = `badidea-borrowed-${randomBytes(4).toString('hex')}`;
  const copy = join(folder, 'config');
  writeFileSync(copy, readFileSync(cluster.kubeconfigAdmin));
  vi.stubEnv('BADIDEA_TEST_KUBECONFIG', '');
  vi.stubEnv('BADIDEA_TEST_REGISTRY', 'http://127.0.0.1:5001/');
  vi.stubEnv('KUBECONFIG', copy);

  const {cluster: borrowed} = await demoCluster(AbortSignal.timeout(20_000));
  if (borrowed === undefined) throw new Error('there is no current context');
  await borrowed.grant(namespace);
  const api = await openApi(AbortSignal.timeout(20_000), borrowed.kubeconfigBadidea);

  try {
    expect(borrowed).toMatchObject({from: 'context', registry: 'http://127.0.0.1:5001'});
    await api.call('GET', `/api/v1/namespaces/${namespace}/pods`);
    await expect(api.call('GET', '/api/v1/nodes')).rejects.toThrow(ApiError);
  } finally {
    api.close();
    await borrowed.remove(namespace, {wait: false});
  }
  expect(existsSync(borrowed.kubeconfigBadidea)).toBe(false);
  expect(await phaseOf(cluster.kubeconfigAdmin, namespace)).not.toBe('Active');
});

it('a current context whose user may not make a namespace is passed over', async context => {
  const cluster = found.cluster ?? context.skip(found.skip);
  vi.stubEnv('KUBECONFIG', cluster.kubeconfigBadidea);

  expect(await currentContextCluster(AbortSignal.timeout(20_000))).toBe(undefined);
});

it('a current context that does not answer is passed over after three seconds', async () => {
  const sockets: Socket[] = [];
  const silent = createServer(socket => sockets.push(socket)).listen(0, '127.0.0.1');
  await new Promise(resolve => silent.once('listening', resolve));
  const address = silent.address();
  const server = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const config = {
    'current-context': 'far',
    clusters: [{name: 'far', cluster: {server}}],
    contexts: [{name: 'far', context: {cluster: 'far', user: 'me'}}],
    users: [{name: 'me', user: {token: 'secret'}}],
  };
  writeFileSync(join(folder, 'silent'), JSON.stringify(config));
  vi.stubEnv('KUBECONFIG', join(folder, 'silent'));
  const begun = performance.now();

  const cluster = await currentContextCluster(AbortSignal.timeout(20_000));

  expect(cluster).toBe(undefined);
  expect(performance.now() - begun).toBeGreaterThan(2500);
  expect(performance.now() - begun).toBeLessThan(8000);
  for (const socket of sockets) socket.destroy();
  silent.close();
});

it('without a kubeconfig there is no current context', async () => {
  vi.stubEnv('KUBECONFIG', join(folder, 'absent'));

  expect(await currentContextCluster(AbortSignal.timeout(20_000))).toBe(undefined);
});

async function phaseOf(kubeconfig: string, namespace: string): Promise<string> {
  const api = await openApi(AbortSignal.timeout(20_000), kubeconfig);
  try {
    const object = await api.call('GET', `/api/v1/namespaces/${namespace}`).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
    return (object as {status: {phase: string}} | undefined)?.status.phase ?? 'gone';
  } finally {
    api.close();
  }
}
