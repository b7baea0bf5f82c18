import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';

import {expect, onTestFinished, test} from 'vitest';

import {loadClusterTarget} from '../../src/cluster/kubeconfig.ts';
import {defaultOwner} from '../../src/cluster/owner.ts';
import {proxyFor} from '../../src/cluster/proxy.ts';

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'badidea-kubeconfig-'));
  onTestFinished(() => rmSync(folder, {recursive: true, force: true}));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), {recursive: true});
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const first = `
current-context: one
contexts:
- {name: one, context: {cluster: c, user: u, namespace: team}}
clusters:
- {name: c, cluster: {server: "https://first", certificate-authority: pki/ca.crt}}
users:
- {name: u, user: {client-certificate: me.crt, client-key: me.key, token: ""}}
preferences: {}
`;
const second = `
current-context: two
contexts:
- {name: one, context: {cluster: other, user: other}}
- {name: two, context: {cluster: c}}
clusters:
- {name: c, cluster: {server: "https://second"}}
users: null
`;

test('files of KUBECONFIG are merged, the first to name a thing wins, absent ones are skipped', async () => {
  const folder = folderWith({first, second});
  const KUBECONFIG = [join(folder, 'absent'), join(folder, 'first'), join(folder, 'second')].join(delimiter);

  const one = await loadClusterTarget({env: {KUBECONFIG}});
  const two = await loadClusterTarget({env: {KUBECONFIG}, context: 'two'});

  expect(one).toMatchObject({
    contextName: 'one',
    userName: 'u',
    namespace: 'team',
    cluster: {server: 'https://first'},
  });
  expect(two).toMatchObject({
    contextName: 'two',
    userName: '',
    namespace: 'default',
    cluster: {server: 'https://first'},
  });
});

test('paths in a kubeconfig are relative to its file, and an empty value is none', async () => {
  const folder = folderWith({first});

  const {cluster, user} = await loadClusterTarget({env: {}, kubeconfig: join(folder, 'first')});

  expect(cluster['certificate-authority']).toBe(join(folder, 'pki/ca.crt'));
  expect(user).toEqual({'client-certificate': join(folder, 'me.crt'), 'client-key': join(folder, 'me.key')});
});

test('without KUBECONFIG the file in the home folder is read; a namespace can be chosen', async () => {
  const folder = folderWith({'.kube/config': first});

  const target = await loadClusterTarget({env: {HOME: folder}, namespace: 'mine'});

  expect(target).toMatchObject({contextName: 'one', namespace: 'mine'});
});

test.for([
  ['no file', {}, {}, /No kubeconfig was found/, 'kubeconfig'],
  ['an unknown context', {'.kube/config': second}, {context: 'x'}, /no context "x".*: one, two/, 'context'],
  ['no current context', {'.kube/config': 'contexts: []'}, {}, /no current context/, 'context'],
  ['an unknown cluster', {'.kube/config': second}, {context: 'one'}, /the cluster "other"/, 'kubeconfig'],
  ['no YAML', {'.kube/config': 'users: [token: secret-word'}, {}, /it is not YAML/, 'kubeconfig'],
  [
    'a wrong type',
    {'.kube/config': 'users: [{name: u, user: {token: [secret-word]}}]'},
    {},
    /users\.0\.user\.token/,
    'kubeconfig',
  ],
] as const)(
  '%s is said in one sentence that quotes no secret',
  async ([, files, choice, sentence, reason]) => {
    const folder = folderWith(files);

    const failure = await loadClusterTarget({env: {HOME: folder}, ...choice}).catch(
      (error: unknown) => error,
    );

    expect(failure).toMatchObject({name: 'InvalidRequest', reason});
    expect(String(failure)).toMatch(sentence);
    expect(String(failure)).not.toContain('secret-word');
  },
);

test('the default owner is a label value, the same everywhere, another for another user or namespace', () => {
  const arn = 'arn:aws:eks:eu-central-1:123456789012:cluster/a-very-long-cluster-name_with_underscores';

  const owner = defaultOwner('team', arn);

  expect(owner).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  expect(owner).toBe(defaultOwner('team', arn));
  expect(new Set([owner, defaultOwner('team', `${arn}_`), defaultOwner('other', arn)]).size).toBe(3);
});

test.for([
  ['https://api.example:6443', {HTTPS_PROXY: 'http://p:1'}, 'http://p:1/'],
  ['https://api.example:6443', {https_proxy: 'p:1'}, 'http://p:1/'],
  ['http://api.example', {HTTPS_PROXY: 'http://p:1'}, undefined],
  ['https://127.0.0.1:6443', {HTTPS_PROXY: 'http://p:1'}, undefined],
  ['https://localhost:6443', {HTTPS_PROXY: 'http://p:1'}, undefined],
  ['https://api.example', {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'other,.example'}, undefined],
  ['https://api.example', {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'example'}, undefined],
  ['https://api.example', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '*.example'}, undefined],
  ['https://notexample', {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'example'}, 'http://p:1/'],
  ['https://api.example:6443', {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.example:443'}, 'http://p:1/'],
  ['https://10.1.2.3', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.0.0.0/8'}, undefined],
  ['https://11.1.2.3', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.0.0.0/8,nonsense/99'}, 'http://p:1/'],
  ['https://[fd00::1]', {HTTPS_PROXY: 'http://p:1', NO_PROXY: 'fd00::1'}, undefined],
  ['https://10.1.2.3', {HTTPS_PROXY: 'http://p:1', NO_PROXY: '*'}, undefined],
] as const)('the way to %s with %o is %s', ([server, env, expected]) => {
  expect(proxyFor(new URL(server), undefined, env)?.href).toBe(expected);
});
