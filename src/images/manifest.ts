import {z} from 'zod';

import {DaemonError, NotFound} from '../errors.ts';
import {type Platform, platformName} from './platform.ts';

const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const imageTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
/** What we ask a registry for. */
export const manifestTypes = [...indexTypes, ...imageTypes];

const Digest = z.string().regex(/^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/);
const Size = z.number().int().nonnegative();
const Descriptor = z.object({digest: Digest, size: Size, mediaType: z.string().max(255).nullish()});

const ImageManifest = z.object({config: Descriptor, layers: z.array(Descriptor).max(1000)});
export type ImageManifest = z.infer<typeof ImageManifest>;

const IndexEntry = Descriptor.extend({
  platform: z.object({os: z.string(), architecture: z.string(), variant: z.string().nullish()}).nullish(),
});
const Index = z.object({manifests: z.array(IndexEntry).max(5000)});

/** The manifest of one image, or the digests of the images of several platforms. */
export type Manifest =
  | {kind: 'image'; image: ImageManifest}
  | {kind: 'index'; choose(platform: Platform): string};

/** Reads the bytes of a manifest, OCI's or Docker's, by what is in it. */
export function parseManifest(bytes: Buffer): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
  } catch {
    throw new DaemonError("the registry's manifest is not JSON");
  }
  const has = (key: string): boolean => typeof json === 'object' && json !== null && key in json;
  if (has('fsLayers')) {
    throw new DaemonError(
      "the image's manifest is of schema version 1, which no runtime pulls any more: push the image again with a current tool",
    );
  }
  // An object that is both would be read as one thing here and as another by the node (OCI's GHSA-mc8v-mgrf-8f4m).
  if (has('manifests') && (has('layers') || has('config'))) {
    throw new DaemonError("the registry's manifest claims to be an image and an index at once");
  }
  if (has('manifests')) {
    const {manifests} = valid(Index, json);
    return {kind: 'index', choose: platform => choose(manifests, platform)};
  }
  return {kind: 'image', image: valid(ImageManifest, json)};
}

function choose(entries: z.infer<typeof IndexEntry>[], wanted: Platform): string {
  const fitting = entries.filter(
    ({platform}) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  // amd64 images may come in variants for newer processors; the plain one runs everywhere. arm64 is v8, said or not.
  const plain = fitting.find(({platform}) => !platform?.variant || platform.variant === 'v8');
  const chosen = plain ?? fitting[0];
  if (chosen === undefined) {
    throw new NotFound(`no matching manifest for ${platformName(wanted)} in the manifest list entries`);
  }
  return chosen.digest;
}

function valid<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DaemonError(
      `the registry's manifest makes no sense: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    );
  }
  return parsed.data;
}
