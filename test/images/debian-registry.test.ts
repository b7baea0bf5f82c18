import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {NotFound} from '../../src/errors.ts';
import {imageType, sha256} from './registry-server.ts';
import {pull, room} from './room.ts';

const binary = '/usr/bin/docker-registry';

/** Debian's docker-registry 2.8: the registry that most others descend from. */
describe.skipIf(!existsSync(binary))('with a real registry', () => {
  let folder: string;
  let host: string;
  let registry: ChildProcess;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'badidea-registry-'));
    host = `127.0.0.1:${await freePort()}`;
    const config = {
      version: 0.1,
      log: {level: 'error'},
      storage: {filesystem: {rootdirectory: path.join(folder, 'data')}},
      http: {addr: host},
    };
    await writeFile(path.join(folder, 'config.yml'), JSON.stringify(config));
    registry = spawn(binary, ['serve', path.join(folder, 'config.yml')], {stdio: 'ignore'});
    await answers(`http://${host}/v2/`);
  }, 60_000);

  afterAll(async () => {
    registry.kill();
    await rm(folder, {recursive: true, force: true});
  });

  it('an image that was pushed can be pulled, and pulled again', async () => {
    const digest = await push(host, 'library/hello', 'latest');
    const images = room({registries: {'docker.io': {mirror: `http://${host}`}}});

    const first = await pull(images, 'hello');
    const second = await pull(images, `hello@${digest}`);

    expect(first.at(-1)).toEqual({status: 'Status: Downloaded newer image for hello:latest'});
    expect(second).toContainEqual({status: `Digest: ${digest}`});
    expect(images.inspect('hello')).toMatchObject({
      Id: digest,
      Architecture: 'amd64',
      Config: {Cmd: ['/hello'], Env: ['A=1']},
    });
  });

  it('an unknown repository and an unknown tag are the same 404 that dockerd gives', async () => {
    await push(host, 'known', 'latest');

    await expect(pull(room(), `${host}/nope`)).rejects.toThrow(
      new NotFound(`manifest for ${host}/nope:latest not found: manifest unknown: manifest unknown`),
    );
    await expect(pull(room(), `${host}/known:nope`)).rejects.toThrow(
      new NotFound(`manifest for ${host}/known:nope not found: manifest unknown: manifest unknown`),
    );
  });
});

/** An image with one layer, by the registry's HTTP API; resolves with the manifest's digest. */
async function push(host: string, repository: string, tag: string): Promise<string> {
  const config = Buffer.from(
    JSON.stringify({architecture: 'amd64', os: 'linux', config: {Cmd: ['/hello'], Env: ['A=1']}}),
  );
  const layer = Buffer.from('not really a layer');
  await Promise.all([config, layer].map(blob => pushBlob(host, repository, blob)));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: imageType,
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: sha256(config),
        size: config.length,
      },
      layers: [
        {mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: sha256(layer), size: layer.length},
      ],
    }),
  );
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: {'content-type': imageType},
    body: manifest,
  });
  expect(answer.status).toBe(201);
  return sha256(manifest);
}

async function pushBlob(host: string, repository: string, blob: Buffer<ArrayBuffer>): Promise<void> {
  const begun = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, {method: 'POST'});
  const location = new URL(begun.headers.get('location') ?? '', `http://${host}`);
  location.searchParams.set('digest', sha256(blob));
  const done = await fetch(location, {
    method: 'PUT',
    headers: {'content-type': 'application/octet-stream'},
    body: blob,
  });
  expect(done.status).toBe(201);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

async function answers(url: string): Promise<void> {
  const answer = await fetch(url).catch(() => undefined);
  if (answer === undefined) {
    await sleep(50);
    await answers(url);
  }
}
