import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {chmod, lstat, mkdir, readFile, symlink, writeFile} from 'node:fs/promises';
import {delimiter, join} from 'node:path';
import {promisify} from 'node:util';

import {describe, expect, test} from 'vitest';

import {
  currentContext,
  ensureContext,
  type OwnContext,
  refuseForeignContext,
  removeContext,
  restoreContext,
  switchToContext,
} from '../../src/config/docker-context.ts';
import {issue} from '../../src/config/issue.ts';
import {temporaryDirectory} from './temporary-directory.ts';

const run = promisify(execFile);
const issued = await issue({clientName: 'me@here', hosts: ['localhost'], addresses: ['127.0.0.1']});
const path = process.env['PATH'] ?? '';
const hasDocker = await run('docker', ['--version']).then(
  () => true,
  () => false,
);

interface Setting extends AsyncDisposable {
  own: OwnContext;
  root: string;
  previous: string;
  docker(...args: string[]): Promise<string>;
}

async function setting(withCli: boolean): Promise<Setting> {
  const folder = await temporaryDirectory();
  const root = join(folder.path, '.docker');
  await mkdir(root, {mode: 0o700});
  const env = {DOCKER_CONFIG: root, HOME: folder.path, PATH: withCli ? path : ['/nowhere'].join(delimiter)};
  return {
    own: {name: 'badidea', socketHost: 'unix:///run/badidea/docker.sock', env},
    root,
    previous: join(folder.path, 'previous-context'),
    docker: async (...args) => (await run('docker', args, {env: {...env, PATH: path}})).stdout.trim(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const endpoint = {host: 'unix:///run/badidea/docker.sock'};

describe.runIf(hasDocker).each([
  ['with the docker CLI', true],
  ['without one, by writing its files', false],
])('%s', (_, withCli) => {
  test('the context is made once, and docker itself reads it', async () => {
    await using s = await setting(withCli);

    expect(await ensureContext(s.own, endpoint)).toBe('created');
    expect(await ensureContext(s.own, endpoint)).toBe('unchanged');

    const [shown] = JSON.parse(await s.docker('context', 'inspect', 'badidea'));
    expect(shown.Endpoints.docker.Host).toBe(endpoint.host);
    expect(await s.docker('context', 'show')).toBe('default');
  });

  test('it follows the daemon to another address and stays ours', async () => {
    await using s = await setting(withCli);
    await ensureContext(s.own, endpoint);

    expect(await ensureContext(s.own, {host: 'unix:///elsewhere/docker.sock'})).toBe('updated');
    expect(await ensureContext(s.own, endpoint)).toBe('updated');

    expect(await s.docker('context', 'inspect', 'badidea', '--format', '{{.Endpoints.docker.Host}}')).toBe(
      endpoint.host,
    );
  });

  test('TLS files are copied into its store, 0600', async () => {
    await using s = await setting(withCli);
    const tls = {
      ca: join(s.root, 'a,b.pem'),
      certificate: join(s.root, 'cert.pem'),
      key: join(s.root, 'key.pem'),
    };
    await writeFile(tls.ca, issued.ca);
    await writeFile(tls.certificate, issued.client.certificate);
    await writeFile(tls.key, issued.client.key);

    await ensureContext(s.own, {host: 'tcp://127.0.0.1:2376', tls});

    const folder = join(
      s.root,
      'contexts/tls',
      createHash('sha256').update('badidea').digest('hex'),
      'docker',
    );
    const read = await Promise.all(
      ['ca.pem', 'cert.pem', 'key.pem'].map(name => readFile(join(folder, name), 'utf8')),
    );
    expect(read).toEqual([issued.ca, issued.client.certificate, issued.client.key]);
    expect((await lstat(join(folder, 'key.pem'))).mode & 0o777).toBe(0o600);
    expect((await lstat(folder)).mode & 0o777).toBe(0o700);
  });

  test('a context of that name that is not ours is neither written nor removed', async () => {
    await using s = await setting(withCli);
    await s.docker('context', 'create', 'badidea', '--docker', 'host=unix:///theirs.sock');

    await expect(refuseForeignContext(s.own)).rejects.toMatchObject({code: 'BAD-205', exitCode: 6});
    await expect(ensureContext(s.own, endpoint)).rejects.toMatchObject({code: 'BAD-205'});
    expect(await removeContext(s.own)).toBe(false);

    expect(await s.docker('context', 'inspect', 'badidea', '--format', '{{.Endpoints.docker.Host}}')).toBe(
      'unix:///theirs.sock',
    );
  });

  test('one that points to our own socket is ours, marked or not', async () => {
    await using s = await setting(withCli);
    await s.docker('context', 'create', 'badidea', '--docker', `host=${endpoint.host}`);

    expect(await ensureContext(s.own, endpoint)).toBe('updated');
    expect(await ensureContext(s.own, endpoint)).toBe('unchanged');
  });

  test('after switching, the previous context comes back', async () => {
    await using s = await setting(withCli);
    await s.docker('context', 'create', 'colima', '--docker', 'host=unix:///colima.sock');
    await s.docker('context', 'use', 'colima');
    await ensureContext(s.own, endpoint);

    await switchToContext(s.own, s.previous);
    await switchToContext(s.own, s.previous);
    expect(await s.docker('context', 'show')).toBe('badidea');

    expect(await restoreContext(s.own, s.previous)).toBe('colima');
    expect(await s.docker('context', 'show')).toBe('colima');
  });

  test('when the previous one has gone, it is default', async () => {
    await using s = await setting(withCli);
    await s.docker('context', 'create', 'gone', '--docker', 'host=unix:///gone.sock');
    await s.docker('context', 'use', 'gone');
    await ensureContext(s.own, endpoint);
    await switchToContext(s.own, s.previous);
    await s.docker('context', 'rm', 'gone');

    expect(await restoreContext(s.own, s.previous)).toBe('default');
    expect(await s.docker('context', 'show')).toBe('default');
  });

  test('when the user has switched meanwhile, nothing is switched back', async () => {
    await using s = await setting(withCli);
    await ensureContext(s.own, endpoint);
    await switchToContext(s.own, s.previous);
    await s.docker('context', 'create', 'other', '--docker', 'host=unix:///other.sock');
    await s.docker('context', 'use', 'other');

    expect(await restoreContext(s.own, s.previous)).toBeUndefined();
    expect(await s.docker('context', 'show')).toBe('other');
  });

  test('DOCKER_HOST and DOCKER_CONTEXT do not lead the switching astray', async () => {
    await using s = await setting(withCli);
    Object.assign(s.own.env, {DOCKER_HOST: 'unix:///x.sock', DOCKER_CONTEXT: 'missing'});

    await ensureContext(s.own, endpoint);
    await switchToContext(s.own, s.previous);

    expect(await currentContext(s.own.env)).toBe('badidea');
    expect(await restoreContext(s.own, s.previous)).toBe('default');
  });

  test('removing takes context and keys out of the store', async () => {
    await using s = await setting(withCli);
    await ensureContext(s.own, endpoint);

    expect(await removeContext(s.own)).toBe(true);
    expect(await removeContext(s.own)).toBe(false);

    expect(await s.docker('context', 'ls', '--format', '{{.Name}}')).toBe('default');
  });

  test.each(['contexts', 'contexts/meta'])('a store whose %s is a link is refused', async name => {
    await using s = await setting(withCli);
    await mkdir(join(s.root, 'target/meta'), {recursive: true});
    await mkdir(join(s.root, name, '..'), {recursive: true});
    await symlink(join(s.root, 'target'), join(s.root, name));

    await expect(ensureContext(s.own, endpoint)).rejects.toMatchObject({code: 'BAD-610'});
  });

  test('a store that others can write in is refused', async () => {
    await using s = await setting(withCli);
    await chmod(s.root, 0o777);

    await expect(ensureContext(s.own, endpoint)).rejects.toMatchObject({code: 'BAD-610'});
  });
});

test('without the docker CLI config.json keeps its other keys, its mode and its being a link', async () => {
  await using s = await setting(false);
  const dotfiles = join(s.root, 'dotfiles.json');
  await writeFile(dotfiles, JSON.stringify({auths: {r: {auth: 'c2VjcmV0'}}, unknownKey: [1]}), {mode: 0o640});
  await symlink(dotfiles, join(s.root, 'config.json'));
  await ensureContext(s.own, endpoint);

  await switchToContext(s.own, s.previous);

  expect(JSON.parse(await readFile(dotfiles, 'utf8'))).toEqual({
    auths: {r: {auth: 'c2VjcmV0'}},
    unknownKey: [1],
    currentContext: 'badidea',
  });
  expect((await lstat(dotfiles)).mode & 0o777).toBe(0o640);
  expect((await lstat(join(s.root, 'config.json'))).isSymbolicLink()).toBe(true);
});

test('a config.json that is not JSON is left as it is', async () => {
  await using s = await setting(false);
  await writeFile(join(s.root, 'config.json'), '{"auths": ');
  await ensureContext(s.own, endpoint);

  await expect(switchToContext(s.own, s.previous)).rejects.toMatchObject({code: 'BAD-613'});

  expect(await readFile(join(s.root, 'config.json'), 'utf8')).toBe('{"auths": ');
});
