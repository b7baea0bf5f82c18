import {Agent} from 'undici';
import {beforeAll, describe, expect, it} from 'vitest';

import {issue} from '../../src/config/issue.ts';
import {RegistryServer, imageType} from './registry-server.ts';
import {pull, room} from './room.ts';

const blob = Buffer.from('{"architecture":"amd64","os":"linux"}');

describe('a registry over https', () => {
  let ca: string;
  let tls: {key: string; cert: string};
  beforeAll(async () => {
    const issued = await issue({clientName: 'test', hosts: ['localhost'], addresses: ['127.0.0.1']});
    ca = issued.ca;
    tls = {key: issued.server.key, cert: issued.server.certificate};
  }, 30_000);

  function trusting(registry: RegistryServer) {
    return room({
      registries: {'docker.io': {mirror: `https://${registry.host}`}},
      dispatcher: new Agent({connect: {ca}, keepAliveTimeout: 10}),
    });
  }

  it('is pulled from', async () => {
    await using registry = await RegistryServer.start({tls});
    registry.image('library/app', 'latest');

    const messages = await pull(trusting(registry), 'app');

    expect(messages.at(-1)).toEqual({status: 'Status: Downloaded newer image for app:latest'});
  });

  it('whose certificate nobody vouches for is not talked to', async () => {
    await using registry = await RegistryServer.start({tls});
    registry.image('library/app', 'latest');
    const images = room({registries: {'docker.io': {mirror: `https://${registry.host}`}}});

    await expect(pull(images, 'app')).rejects.toThrow(
      /^Cannot reach the registry .*\n {2}why: .*certificate/,
    );
    expect(registry.requests).toEqual([]);
  });

  it('cannot send us on to plain http, neither for a blob nor for a token', async () => {
    await using storage = await RegistryServer.start();
    await using registry = await RegistryServer.start({tls});
    const {digest, size} = registry.blob(blob);
    storage.blob(blob);
    registry.manifest(
      'library/app',
      'latest',
      {schemaVersion: 2, config: {digest, size}, layers: []},
      imageType,
    );
    registry.special(`/v2/library/app/blobs/${digest}`, (_, response) =>
      response.writeHead(302, {location: `http://${storage.host}/v2/app/blobs/${digest}`}).end(),
    );
    registry.special('/v2/library/private/manifests/latest', (_, response) =>
      response.writeHead(401, {'www-authenticate': `Bearer realm="http://${storage.host}/token"`}).end(),
    );
    const images = trusting(registry);

    const messages = await pull(images, 'app');

    expect(messages.at(-1)).toMatchObject({
      error: expect.stringContaining('follows a redirect from https to https only'),
    });
    await expect(pull(images, 'private')).rejects.toThrow('names no https address');
    expect(storage.requests).toEqual([]);
  });

  it('that redirects in a circle is given up', async () => {
    await using registry = await RegistryServer.start({tls});
    registry.special('/v2/library/app/manifests/latest', (_, response) =>
      response.writeHead(307, {location: '/v2/library/app/manifests/latest'}).end(),
    );

    await expect(pull(trusting(registry), 'app')).rejects.toThrow('redirects without end');
  });
});
