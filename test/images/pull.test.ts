import {setTimeout as sleep} from 'node:timers/promises';

import {describe, expect, it} from 'vitest';

import {DaemonError, NotFound} from '../../src/errors.ts';
import {RegistryServer} from './registry-server.ts';
import {pull, room} from './room.ts';

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

  it('of an image that has not changed is handed to the nodes too: they may have forgotten it', async () => {
    await using registry = await RegistryServer.start();
    registry.image('app', '1');
    const images = room();
    const handed: string[] = [];
    images.onPulled(({image}) => {
      handed.push(image.reference);
      return true;
    });

    await pull(images, `${registry.host}/app:1`);
    await pull(images, `${registry.host}/app:1`);

    expect(handed).toEqual([`${registry.host}/app:1`, `${registry.host}/app:1`]);
  });

  it('of several at once keeps all of them', async () => {
    await using registry = await RegistryServer.start();
    const names = Array.from({length: 8}, (_, n) => `app${n}`);
    for (const name of names) {
      registry.image(name, '1', {layers: [name]});
    }
    const images = room();

    await Promise.all(names.map(name => pull(images, `${registry.host}/${name}:1`)));

    expect(images.list({filters: new Map()}).length).toBe(8);
  });
});
