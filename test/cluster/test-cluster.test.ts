import {randomBytes} from 'node:crypto';

import {beforeAll, expect, it} from 'vitest';

import {ApiError, openApi, type Api} from './api.ts';
import {readState} from './state.ts';
import {testCluster, type Found} from './test-cluster.ts';

const minutes = 60_000;
let found: Found;

beforeAll(async () => {
  found = await testCluster();
}, 40 * minutes);

it(
  'the user badidea may use a granted namespace and may not make one, nor see the nodes',
  async context => {
    const cluster = found.cluster ?? context.skip(found.skip);
    const namespace = `badidea-user-${randomBytes(4).toString('hex')}`;
    await cluster.grant(namespace);
    const api = await openApi(AbortSignal.timeout(20_000), cluster.kubeconfigBadidea);

    try {
      expect(await statusOf(api, 'GET', `/api/v1/namespaces/${namespace}/pods`)).toBe(200);
      expect(await statusOf(api, 'GET', `/api/v1/namespaces/${namespace}/services`)).toBe(403);
      expect(await statusOf(api, 'GET', '/api/v1/nodes')).toBe(403);
      expect(await statusOf(api, 'POST', '/api/v1/namespaces', {metadata: {name: `${namespace}-own`}})).toBe(
        403,
      );
    } finally {
      api.close();
      await cluster.remove(namespace);
    }
  },
  minutes,
);

it('a cluster that is there is found again, and nothing of it has changed', async context => {
  const cluster = found.cluster ?? context.skip(found.skip);
  const before = readState();

  const again = await testCluster(AbortSignal.timeout(60_000));

  expect(again.cluster?.name).toBe(cluster.name);
  expect(again.cluster?.kubeconfigBadidea).toBe(cluster.kubeconfigBadidea);
  expect(readState()).toEqual(before);
});

async function statusOf(api: Api, method: string, path: string, body?: object): Promise<number> {
  return api.call(method, path, body).then(
    () => 200,
    (error: unknown) => (error instanceof ApiError ? error.status : 0),
  );
}
