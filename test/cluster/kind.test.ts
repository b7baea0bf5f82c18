import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {homedir, tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';

import {afterAll, beforeAll, describe, expect, it, vi} from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'kind-'));
const minutes = 60_000;
const signal = AbortSignal.timeout(5 * minutes);
let port: number;

// The registry is Debian's, taken from its package.
describe.runIf(process.platform === 'linux')('kind', () => {
  beforeAll(async () => {
    // The images' layers come from the person's own cache, all else is of this test.
    vi.stubEnv('XDG_CACHE_HOME', process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'));
    vi.stubEnv('XDG_STATE_HOME', folder);
    vi.stubEnv('PATH', [join(import.meta.dirname, 'stand-ins'), process.env['PATH']].join(delimiter));
    vi.stubEnv('STAND_IN', folder);
    vi.stubEnv('STAND_IN_PLATFORM', 'Docker Engine - Community');
    const {ensurePackages, unpacked} = await import('./packages.ts');
    await ensurePackages(signal, ['docker-registry']);
    vi.stubEnv('STAND_IN_REGISTRY', unpacked['docker-registry']);
    port = await freePort();
  }, 5 * minutes);

  afterAll(() => {
    process.kill(Number(state('registry.pid')));
    rmSync(folder, {recursive: true});
  });

  it(
    'kind gets a cluster, a registry with all test images, and nodes that take plain names from there',
    async () => {
      const {ensureKind} = await import('./kind.ts');
      const {digestOf} = await import('./registry.ts');

      const {kubeconfig, registry} = await ensureKind(signal, port);

      expect(registry).toBe(`http://127.0.0.1:${port}`);
      expect(readFileSync(kubeconfig, 'utf8')).toBe('created\n');
      expect(state('network')).not.toBe('null\n');
      for (const node of ['badidea-test-control-plane', 'badidea-test-worker']) {
        expect(state(`${node}/etc/containerd/certs.d/docker.io/hosts.toml`)).toBe(
          '[host."http://badidea-registry:5000"]\n  capabilities = ["pull", "resolve"]\n',
        );
      }
      const names = ['busybox', 'alpine', 'static', 'web', 'user', 'nginx', 'redis', 'debian', 'services'];
      const digests = names.map(name => digestOf(name, {url: registry, signal}));
      expect(await Promise.all(digests)).toEqual(names.map(() => expect.stringMatching(/^sha256:/)));
    },
    5 * minutes,
  );

  it('a kind cluster that is there is used again, and nothing is made, pulled or pushed twice', async () => {
    const {ensureKind} = await import('./kind.ts');
    writeFileSync(join(folder, 'calls'), '');

    const {kubeconfig} = await ensureKind(signal, port);

    expect(readFileSync(kubeconfig, 'utf8')).toBe('exported\n');
    expect(state('calls')).not.toMatch(/create|docker (run|start|network|pull|build|push)/);
  });

  it('a registry that was stopped is started again', async () => {
    const {ensureKind} = await import('./kind.ts');
    writeFileSync(join(folder, 'running'), 'false\n');

    await ensureKind(signal, port);

    expect(state('calls')).toMatch(/^docker start badidea-registry$/m);
  });

  it('an engine that is badidea itself is not taken for one that can run nodes', async () => {
    const {hasKind} = await import('./kind.ts');

    expect(await hasKind(signal)).toBe(true);
    vi.stubEnv('STAND_IN_PLATFORM', 'badidea 0.1.0, containers as Pods in namespace dev');
    expect(await hasKind(signal)).toBe(false);
  });
});

function state(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
