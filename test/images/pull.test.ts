import {setTimeout as sleep} from 'node:timers/promises';

import {Agent} from 'undici';
import {afterAll, describe, expect, it} from 'vitest';

import {DaemonError, InvalidRequest, NotFound, NotSupported} from '../../src/errors.ts';
import {type ImageRoom, type ImagesOptions, createImages} from '../../src/images/images.ts';
import type {RegistryAuth} from '../../src/wire/registry-auth.ts';
import {RegistryServer, fail, imageType, indexType} from './registry-server.ts';
import {Secrets} from './secrets.ts';

const dispatcher = new Agent();
afterAll(() => dispatcher.close());

const user: RegistryAuth = {
  username: 'user',
  password: 'secret',
  identitytoken: '',
  registrytoken: '',
  serveraddress: '',
};

function room(options: Partial<ImagesOptions> = {}): ImageRoom & {events: object[]} {
  const events: object[] = [];
  const images = createImages({
    cluster: new Secrets(),
    owner: 'ada',
    dispatcher,
    registries: {},
    architecture: () => 'amd64',
    now: () => new Date('2026-03-01T00:00:00Z'),
    emit: event => void events.push(event),
    ...options,
  });
  return Object.assign(images, {events});
}

async function pull(
  images: ImageRoom,
  reference: string,
  options: {platform?: string; auth?: RegistryAuth; signal?: AbortSignal} = {},
): Promise<object[]> {
  const {platform, auth, signal = new AbortController().signal} = options;
  const messages: object[] = [];
  for await (const message of await images.pull({reference, platform, auth, signal})) {
    messages.push(message);
  }
  return messages;
}

describe('a pull', () => {
  it('tells what it does in the lines of docker pull, and ends with digest and status', async () => {
    await using registry = await RegistryServer.start();
    const {digest} = registry.image('library/busybox', 'latest');
    const images = room({registries: {'docker.io': {mirror: `http://${registry.host}`}}});

    const messages = await pull(images, 'busybox');

    expect(messages).toEqual([
      {status: 'Pulling from library/busybox', id: 'latest'},
      {status: 'Pulling fs layer', progressDetail: {}, id: expect.stringMatching(/^[a-f0-9]{12}$/)},
      {status: 'Pulling fs layer', progressDetail: {}, id: expect.stringMatching(/^[a-f0-9]{12}$/)},
      {status: 'Resolved, a node pulls it at the first run', progressDetail: {}, id: expect.any(String)},
      {status: 'Resolved, a node pulls it at the first run', progressDetail: {}, id: expect.any(String)},
      {status: `Digest: ${digest}`},
      {status: 'Status: Downloaded newer image for busybox:latest'},
    ]);
    expect(images.resolve('busybox')).toMatchObject({
      id: digest,
      pullReference: `docker.io/library/busybox@${digest}`,
      architecture: 'amd64',
    });
    expect(images.events).toEqual([{action: 'pull', id: 'busybox:latest', attributes: {name: 'busybox'}}]);
  });

  it('of an image that has not changed costs one HEAD request', async () => {
    await using registry = await RegistryServer.start();
    const {digest} = registry.image('app', '1');
    const images = room();
    await pull(images, `${registry.host}/app:1`);
    registry.requests.length = 0;

    const messages = await pull(images, `${registry.host}/app:1`);

    expect(messages).toEqual([
      {status: 'Pulling from app', id: '1'},
      {status: `Digest: ${digest}`},
      {status: `Status: Image is up to date for ${registry.host}/app:1`},
    ]);
    expect(registry.requests.map(({method}) => method)).toEqual(['HEAD']);
  });

  it("of an index takes the image of the cluster's architecture, and of --platform if given", async () => {
    await using registry = await RegistryServer.start();
    const {digest} = registry.index('app', '1', ['amd64', 'arm64']);
    const images = room();

    await pull(images, `${registry.host}/app:1`);
    const own = images.resolve(`${registry.host}/app:1`);
    await pull(images, `${registry.host}/app:1`, {platform: 'linux/arm64/v8'});
    const other = images.resolve(`${registry.host}/app:1`);

    expect([own.architecture, other.architecture]).toEqual(['amd64', 'arm64']);
    expect([own.id, other.id]).toEqual([digest, digest]);
    expect(own.manifestDigest).not.toBe(other.manifestDigest);
  });

  it('by digest checks that the bytes have it', async () => {
    await using registry = await RegistryServer.start();
    const {digest} = registry.image('app', '1');
    const other = digest.replace(/.$/, last => (last === '0' ? '1' : '0'));
    registry.special(`/v2/app/manifests/${other}`, (_, response) => response.end('{"schemaVersion":2}'));
    const images = room();

    const messages = await pull(images, `${registry.host}/app:ignored@${digest}`);

    expect(messages.at(-1)).toEqual({
      status: `Status: Downloaded newer image for ${registry.host}/app@${digest}`,
    });
    await expect(pull(images, `${registry.host}/app@${other}`)).rejects.toThrow(
      'sent something else than was asked for',
    );
  });

  it('waits for the listener that lets a node pull it, and says complete only then', async () => {
    await using registry = await RegistryServer.start();
    registry.image('app', '1', {layers: ['one']});
    const images = room();
    let inTime = false;
    images.onPulled(async ({image, auth}) => {
      await sleep(20);
      inTime = image.architecture === 'amd64' && auth === undefined;
      return true;
    });

    const messages = await pull(images, `${registry.host}/app:1`);

    expect(inTime).toBe(true);
    expect(messages).toContainEqual(expect.objectContaining({status: 'Pull complete'}));
  });

  it('that a node cannot make ends with its error in band, and the image is not there', async () => {
    await using registry = await RegistryServer.start();
    registry.image('app', '1');
    const images = room();
    images.onPulled(() => Promise.reject(new DaemonError('no node of the cluster could pull it')));

    const messages = await pull(images, `${registry.host}/app:1`);

    expect(messages.at(-1)).toEqual({
      errorDetail: {message: 'no node of the cluster could pull it'},
      error: 'no node of the cluster could pull it',
    });
    expect(() => images.resolve(`${registry.host}/app:1`)).toThrow(NotFound);
  });
});

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
      // eslint-disable-next-line no-await-in-loop -- one after the other, so that a failure names its case
      await expect(pull(images, `${registry.host}/${name}`), name).rejects.toThrow(DaemonError);
    }
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
