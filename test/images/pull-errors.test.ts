import {describe, expect, it} from 'vitest';

import {DaemonError, InvalidRequest, NotFound, NotSupported} from '../../src/errors.ts';
import {RegistryServer, fail, imageType, indexType} from './registry-server.ts';
import {pull, room} from './room.ts';

describe('the errors of a pull', () => {
  it('before the first line are those that clients of Docker look for', async () => {
    await using registry = await RegistryServer.start();
    registry.special('/v2/none/manifests/latest', (_, response) =>
      fail(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry'),
    );
    registry.special('/v2/busy/manifests/latest', (_, response) =>
      fail(response, 429, 'TOOMANYREQUESTS', 'slow down'),
    );
    registry.special('/v2/broken/manifests/latest', (_, response) =>
      response.writeHead(502).end('<html>bad gateway</html>'),
    );
    registry.index('app', 'one', ['arm64']);
    const {host} = registry;
    const images = room();

    await expect(pull(images, `${host}/nope`)).rejects.toThrow(
      new NotFound(`manifest for ${host}/nope:latest not found: manifest unknown: manifest unknown`),
    );
    await expect(pull(images, `${host}/none`)).rejects.toThrow(
      new NotFound(`repository ${host}/none not found: name unknown: repository name not known to registry`),
    );
    await expect(pull(images, `${host}/app:one`)).rejects.toThrow(
      new NotFound('no matching manifest for linux/amd64 in the manifest list entries'),
    );
    await expect(pull(images, `${host}/busy`)).rejects.toThrow(/^toomanyrequests: slow down\n/);
    await expect(pull(images, `${host}/broken`)).rejects.toThrow(
      `the registry ${host} answered with status 502`,
    );
    await expect(pull(images, 'INVALID:x')).rejects.toThrow(
      new InvalidRequest('invalid reference format: repository name (library/INVALID) must be lowercase'),
    );
    await expect(pull(images, `${host}/app`, {platform: 'windows/amd64'})).rejects.toThrow(NotSupported);
    await expect(pull(images, `${host}/app:`)).rejects.toThrow(NotSupported);
  });

  it('name the registry that cannot be reached, and what to do', async () => {
    const gone = await RegistryServer.start();
    const {host} = gone;
    await gone[Symbol.asyncDispose]();

    await expect(pull(room(), `${host}/app`)).rejects.toThrow(
      new RegExp(`^Cannot reach the registry ${host}\\.\n.*ECONNREFUSED.*\n.*registries`),
    );
  });

  it('after the first line come in band', async () => {
    await using registry = await RegistryServer.start();
    const config = registry.blob(Buffer.from('no JSON'));
    const cut = registry.blob(Buffer.from('{"never":"sent whole"}'));
    registry.special(`/v2/cut/blobs/${cut.digest}`, (_, response) => {
      response.writeHead(200, {'content-length': '1000'}).write('{"nev');
      setTimeout(() => response.destroy(), 10);
    });
    registry.manifest('garbage', 'latest', {schemaVersion: 2, config, layers: []}, imageType);
    registry.manifest('cut', 'latest', {schemaVersion: 2, config: cut, layers: []}, imageType);
    const {host} = registry;
    const images = room();

    const garbage = await pull(images, `${host}/garbage`);
    const truncated = await pull(images, `${host}/cut`);

    expect(garbage.at(-1)).toMatchObject({error: "the image's configuration is not JSON"});
    expect(truncated.at(-1)).toMatchObject({error: expect.stringContaining('Cannot reach the registry')});
  });

  it('cover every manifest that is none', async () => {
    await using registry = await RegistryServer.start();
    const digest = `sha256:${'a'.repeat(64)}`;
    const cases: Record<string, object | Buffer> = {
      garbage: Buffer.from([0, 255, 1, 2]),
      array: [],
      empty: {},
      old: {schemaVersion: 1, fsLayers: []},
      both: {schemaVersion: 2, manifests: [], layers: [], config: {digest, size: 1}},
      path: {schemaVersion: 2, layers: [], config: {digest: '../../../etc/passwd', size: 1}},
      negative: {schemaVersion: 2, layers: [], config: {digest, size: -1}},
    };
    const images = room();
    for (const [name, body] of Object.entries(cases)) {
      registry.manifest(name, 'latest', body, imageType);
    }
    const outcomes = await Promise.allSettled(
      Object.keys(cases).map(name => pull(images, `${registry.host}/${name}`)),
    );
    expect(
      outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason instanceof DaemonError),
    ).toEqual(Object.keys(cases).map(() => true));
    const nested = registry.manifest('nested', 'inner', {schemaVersion: 2, manifests: []}, indexType);
    registry.manifest(
      'nested',
      'latest',
      {schemaVersion: 2, manifests: [{...nested, platform: {os: 'linux', architecture: 'amd64'}}]},
      indexType,
    );
    await expect(pull(images, `${registry.host}/nested`)).rejects.toThrow('points to another index');
  });

  it('show no control characters of a registry', async () => {
    await using registry = await RegistryServer.start();
    registry.special('/v2/app/manifests/latest', (_, response) =>
      fail(response, 404, 'NAME_UNKNOWN', `\u001b]0;owned\u0007${'x'.repeat(5000)}`),
    );

    const error: unknown = await pull(room(), `${registry.host}/app`).catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(NotFound);
    expect(String(error)).not.toMatch(/\p{Cc}/u);
    expect(String(error).length).toBeLessThan(700);
  });

  it('a client that goes away ends it', async () => {
    await using registry = await RegistryServer.start();
    registry.special('/v2/slow/manifests/latest', () => undefined);
    const controller = new AbortController();

    const pulling = pull(room(), `${registry.host}/slow`, {signal: controller.signal});
    setTimeout(() => controller.abort(), 20);

    await expect(pulling).rejects.toThrow(/abort/i);
  });

  it('a manifest above 4 MiB is not read to its end', async () => {
    await using registry = await RegistryServer.start();
    registry.special('/v2/huge/manifests/latest', (_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(65536, ' ')));
        response.once('drain', more);
      };
      more();
    });

    await expect(pull(room(), `${registry.host}/huge`)).rejects.toThrow('more than 4194304 bytes');
  });
});
