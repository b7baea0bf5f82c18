import {readFileSync} from 'node:fs';

import {expect, test, vi} from 'vitest';

import {execPluginSource} from '../../src/cluster/exec-plugin.ts';
import type {ExecEntry} from '../../src/cluster/kubeconfig-schema.ts';
import type {ClusterTarget} from '../../src/cluster/kubeconfig.ts';
import {temporaryFile} from './fake-api.ts';

const apiVersion = 'client.authentication.k8s.io/v1';

function plugin(script: string, more: Partial<ExecEntry> & {timeoutMs?: number} = {}) {
  const {timeoutMs, ...entry} = more;
  const exec: ExecEntry = {apiVersion, command: 'sh', args: ['-c', script], ...entry};
  const target: ClusterTarget = {
    contextName: 'x',
    clusterName: 'x',
    userName: 'x',
    namespace: 'x',
    cluster: {
      server: 'https://api.example',
      'certificate-authority-data': 'Y2E=',
      extensions: [{name: 'client.authentication.k8s.io/exec', extension: {audience: 'me'}}],
    },
    user: {},
  };
  const lines: string[] = [];
  return {
    lines,
    source: execPluginSource({
      target,
      exec,
      base: {headers: {}},
      log: line => lines.push(line),
      ...(timeoutMs ? {timeoutMs} : {}),
    }),
  };
}

function credential(status: object): string {
  return `echo '${JSON.stringify({kind: 'ExecCredential', apiVersion, status})}'`;
}

test('many who ask at once share one run of the plugin, and its token is kept', async () => {
  const count = temporaryFile('count', '');
  const {source} = plugin(`printf x >> ${count}; ${credential({token: 'sesame'})}`);

  const all = await Promise.all([source.current(), source.current(), source.current()]);
  await source.current();

  expect(all.map(({headers}) => headers['authorization'])).toEqual(Array(3).fill('Bearer sesame'));
  expect(readFileSync(count, 'utf8')).toBe('x');
});

test('after 80 % of its life a token is still used, and the next one fetched behind it', async () => {
  const count = temporaryFile('count', '');
  const expires = new Date(Date.now() + 3_600_000).toISOString();
  const {source} = plugin(
    `printf x >> ${count}; ${credential({token: 'sesame', expirationTimestamp: expires})}`,
  );
  const early = await source.current();
  vi.useFakeTimers({toFake: ['Date'], now: Date.now() + 3_000_000});

  const late = await source.current();
  vi.useRealTimers();
  await vi.waitUntil(() => readFileSync(count, 'utf8') === 'xx');

  expect(late).toBe(early);
});

test('a token that has expired is not used again', async () => {
  const count = temporaryFile('count', '');
  const {source} = plugin(
    `printf x >> ${count}; ${credential({token: 'sesame', expirationTimestamp: '2020-01-01T00:00:00Z'})}`,
  );

  await source.current();
  await source.current();

  expect(readFileSync(count, 'utf8')).toBe('xx');
});

test('the plugin gets its environment, and what it may know of the cluster', async () => {
  const info = temporaryFile('info', '');
  const {source} = plugin(`echo "$KUBERNETES_EXEC_INFO $NAME" > ${info}; ${credential({token: 't'})}`, {
    provideClusterInfo: true,
    env: [{name: 'NAME', value: 'value'}],
  });

  await source.current();

  const [json = '', name] = readFileSync(info, 'utf8')
    .trim()
    .split(/ (?=[^ ]*$)/);
  expect(name).toBe('value');
  expect(JSON.parse(json)).toEqual({
    apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      cluster: {
        server: 'https://api.example',
        'certificate-authority-data': 'Y2E=',
        config: {audience: 'me'},
      },
    },
  });
});

test('a plugin may give a client certificate instead of a token', async () => {
  const {source} = plugin(credential({clientCertificateData: 'CERT', clientKeyData: 'KEY'}));

  await expect(source.current()).resolves.toEqual({headers: {}, cert: 'CERT', key: 'KEY'});
});

test.for([
  [
    'what it wrote to stderr',
    plugin("echo 'please run: sso login' >&2; exit 2"),
    /"sh" failed: it ended with code 2: please run: sso login/,
  ],
  [
    'that it hangs',
    plugin('echo waiting >&2; sleep 60', {timeoutMs: 300}),
    /did not end within 0.3 s: waiting/,
  ],
  [
    'that it printed nonsense, without the nonsense',
    plugin('echo secret-word'),
    /something other than an ExecCredential$/,
  ],
  ['that it gave nothing', plugin(credential({})), /neither a token nor a client certificate/],
  ['that it needs a terminal', plugin('', {interactiveMode: 'Always'}), /asks for a terminal/],
  [
    'that it speaks another version',
    plugin(credential({token: 'secret-word'}), {apiVersion: 'v0'}),
    /the kubeconfig asks for v0$/,
  ],
] as const)('a plugin that fails is quoted: %s', async ([, {source}, sentence]) => {
  const failure = await source.current().catch((error: unknown) => error);

  expect(failure).toMatchObject({name: 'Unavailable', reason: 'plugin-failed'});
  expect(String(failure)).toMatch(sentence);
  expect(String(failure)).not.toContain('secret-word');
});

test('a plugin that is not installed is named with its installation hint', async () => {
  const {source} = plugin('', {command: 'no-such-plugin', installHint: 'Get it with a package manager.'});

  const failure = await source.current().catch((error: unknown) => error);

  expect(failure).toMatchObject({
    reason: 'plugin-missing',
    message:
      'The credential plugin "no-such-plugin" of the kubeconfig is not installed. Get it with a package manager.',
  });
});
