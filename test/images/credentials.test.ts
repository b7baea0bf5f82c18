import {describe, expect, it} from 'vitest';

import {NotFound} from '../../src/errors.ts';
import type {RegistryAuth} from '../../src/wire/registry-auth.ts';
import {RegistryServer, imageType} from './registry-server.ts';
import {pull, room} from './room.ts';

const user: RegistryAuth = {
  username: 'user',
  password: 'secret',
  identitytoken: '',
  registrytoken: '',
  serveraddress: '',
};

describe('credentials', () => {
  it('are not needed where the token service serves strangers', async () => {
    await using registry = await RegistryServer.start({auth: 'bearer', anonymous: true});
    registry.image('app', '1');

    const messages = await pull(room(), `${registry.host}/app:1`);

    expect(messages.at(-1)).toMatchObject({status: expect.stringContaining('Downloaded newer image')});
  });

  it.each(['basic', 'bearer'] as const)(
    'are used when the registry asks (%s), and handed on for a pull secret',
    async auth => {
      await using registry = await RegistryServer.start({auth});
      registry.image('app', '1');
      const images = room();
      const handed: unknown[] = [];
      images.onPulled(pulled => {
        handed.push(pulled.auth);
        return false;
      });

      await pull(images, `${registry.host}/app:1`, {auth: user});

      expect(handed).toEqual([user]);
      expect(images.credentials(images.resolve(`${registry.host}/app:1`))).toEqual(user);
    },
  );

  it('are not handed on, nor sent, when the image is public', async () => {
    await using registry = await RegistryServer.start();
    registry.image('app', '1');
    const images = room();

    await pull(images, `${registry.host}/app:1`, {auth: user});

    expect(images.credentials(images.resolve(`${registry.host}/app:1`))).toBeUndefined();
    expect(registry.requests.every(({authorization}) => authorization === undefined)).toBe(true);
  });

  it.each(['basic', 'bearer'] as const)(
    'that are missing are a 404 in the words of Docker (%s)',
    async auth => {
      await using registry = await RegistryServer.start({auth});
      registry.image('app', '1');

      await expect(pull(room(), `${registry.host}/app:1`)).rejects.toThrow(
        new NotFound(
          `pull access denied for ${registry.host}/app, repository does not exist or may require 'docker login': denied: authentication required`,
        ),
      );
    },
  );

  it('that are wrong are said so by the token service', async () => {
    await using registry = await RegistryServer.start({auth: 'bearer'});

    const error: unknown = await pull(room(), `${registry.host}/app:1`, {
      auth: {...user, password: 'wrong-one'},
    }).catch((caught: unknown) => caught);

    expect(String(error)).toContain('incorrect username or password');
    expect(String(error)).not.toContain('wrong-one');
  });

  it('never go to a mirror', async () => {
    await using registry = await RegistryServer.start({auth: 'basic'});
    registry.image('library/app', 'latest');
    const images = room({registries: {'docker.io': {mirror: `http://${registry.host}`}}});

    await expect(pull(images, 'app', {auth: user})).rejects.toThrow('pull access denied for app');
    expect(registry.requests.every(({authorization}) => authorization === undefined)).toBe(true);
  });

  it('do not follow a redirect of a blob to another host', async () => {
    await using registry = await RegistryServer.start({auth: 'basic'});
    await using storage = await RegistryServer.start();
    const {digest, size} = registry.blob(Buffer.from('{"architecture":"amd64","os":"linux"}'));
    storage.blob(Buffer.from('{"architecture":"amd64","os":"linux"}'));
    registry.manifest('app', '1', {schemaVersion: 2, config: {digest, size}, layers: []}, imageType);
    registry.special(`/v2/app/blobs/${digest}`, (_, response) =>
      response.writeHead(307, {location: `http://${storage.host}/v2/app/blobs/${digest}?signed=yes`}).end(),
    );

    const messages = await pull(room(), `${registry.host}/app:1`, {auth: user});

    expect(messages.at(-1)).toMatchObject({status: expect.stringContaining('Downloaded newer image')});
    expect(storage.requests).toEqual([
      {method: 'GET', path: `/v2/app/blobs/${digest}`, authorization: undefined},
    ]);
  });

  it('are not sent to a token service that the registry places on plain http elsewhere', async () => {
    await using registry = await RegistryServer.start();
    registry.special('/v2/app/manifests/latest', (_, response) =>
      response.writeHead(401, {'www-authenticate': 'Bearer realm="http://tokens.example.com/"'}).end(),
    );

    await expect(pull(room(), `${registry.host}/app`, {auth: user})).rejects.toThrow(
      'names no https address',
    );
  });
});
