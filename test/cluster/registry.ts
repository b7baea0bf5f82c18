import {createHash} from 'node:crypto';
import type {Readable} from 'node:stream';

import {ClusterError} from './errors.ts';
import {readLayer, type Layer} from './image-layers.ts';
import type {Image} from './images.ts';
import {step} from './progress.ts';

const types = {
  config: 'application/vnd.oci.image.config.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
};

const dockerTypes =
  'application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json';

/** Whether an HTTP server answers there with success. */
export async function answersHttp(url: string, signal: AbortSignal): Promise<boolean> {
  return fetch(url, {signal}).then(
    answer => answer.ok,
    () => false,
  );
}

/** Where images go: `url` as in http://127.0.0.1:5000, without a path. */
export type Registry = {url: string; signal: AbortSignal};

/** Pushes each image as library/NAME:latest, unless the registry has it. */
export async function pushImages(images: Image[], {url, signal}: Registry): Promise<void> {
  for (const image of images) {
    const index = manifestsOf(image);
    const repository = `${url}/v2/library/${image.name}`;
    if ((await digestOf(image.name, {url, signal})) !== index.digest) {
      await step(`pushing ${image.name}`, () => push(repository, {...index, layers: image.layers}, signal));
    }
  }
}

/** The digest of library/NAME:latest in a registry; undefined if it has no such image. */
export async function digestOf(name: string, {url, signal}: Registry): Promise<string | undefined> {
  const place = `${url}/v2/library/${name}/manifests/latest`;
  const headers = {accept: `${types.index}, ${types.manifest}, ${dockerTypes}`};
  const answer = await fetch(place, {method: 'HEAD', headers, signal}).catch((cause: unknown) => {
    throw new ClusterError(`No registry answers at ${url}`, {cause});
  });
  if (answer.status === 404) {
    return undefined;
  }
  return (await successOf(answer)).headers.get('docker-content-digest') ?? undefined;
}

type Blob = {mediaType: string; digest: string; size: number; text: string};
type Manifests = Blob & {config: Blob; manifest: Blob};

/** The configuration, the manifest and an index of one platform, as all images of Docker Hub have one (OCI image-spec). */
function manifestsOf(image: Image): Manifests {
  const platform = {architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux'};
  const config = blob(types.config, {
    created: '2026-01-01T00:00:00Z',
    ...platform,
    config: image.config,
    rootfs: {type: 'layers', diff_ids: image.layers.map(layer => layer.diffId)},
    history: image.layers.map(() => ({created: '2026-01-01T00:00:00Z', created_by: 'test/cluster'})),
  });
  const manifest = blob(types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptor(config),
    layers: image.layers.map(({digest, size}) => ({mediaType: types.layer, digest, size})),
  });
  const index = blob(types.index, {
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [{...descriptor(manifest), platform}],
  });
  return {...index, config, manifest};
}

async function push(
  repository: string,
  {config, manifest, layers, ...index}: Manifests & {layers: Layer[]},
  signal: AbortSignal,
): Promise<void> {
  for (const layer of layers) {
    await pushBlob(repository, {...layer, body: () => readLayer(layer)}, signal);
  }
  await pushBlob(repository, {...config, body: () => config.text}, signal);
  await putManifest(`${repository}/manifests/${manifest.digest}`, manifest, signal);
  await putManifest(`${repository}/manifests/latest`, index, signal);
}

type Upload = {digest: string; size: number; body: () => string | Readable};

async function pushBlob(
  repository: string,
  {digest, size, body}: Upload,
  signal: AbortSignal,
): Promise<void> {
  if (await answersHttp(`${repository}/blobs/${digest}`, signal)) {
    return;
  }
  const begun = await successOf(await fetch(`${repository}/blobs/uploads/`, {method: 'POST', signal}));
  const place = new URL(begun.headers.get('location') ?? '', repository);
  place.searchParams.set('digest', digest);
  const headers = {'content-length': String(size), 'content-type': 'application/octet-stream'};
  await successOf(
    await fetch(place, {method: 'PUT', headers, body: body(), duplex: 'half', signal} as RequestInit),
  );
}

async function putManifest(url: string, {mediaType, text}: Blob, signal: AbortSignal): Promise<void> {
  const headers = {'content-type': mediaType};
  await successOf(await fetch(url, {method: 'PUT', headers, body: text, signal}));
}

async function successOf(answer: Response): Promise<Response> {
  if (!answer.ok) {
    throw new ClusterError(`The registry answered ${answer.status} to ${answer.url}: ${await answer.text()}`);
  }
  return answer;
}

function blob(mediaType: string, value: object): Blob {
  const text = JSON.stringify(value);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  return {mediaType, digest, size: Buffer.byteLength(text), text};
}

function descriptor({mediaType, digest, size}: Blob): object {
  return {mediaType, digest, size};
}
