import {DaemonError, NotFound} from '../errors.ts';
import {type ImageReference, normalizedReference} from '../wire/image-reference.ts';
import {parseImageConfig} from './image-config.ts';
import type {ImageRecord} from './image-record.ts';
import {type ImageManifest, parseManifest} from './manifest.ts';
import {type Platform, platformName} from './platform.ts';
import type {Document, Repository} from './registry-client.ts';

/** An image whose manifest is known and whose configuration is not yet. */
export interface LocatedImage {
  /** what the reference points to: a manifest or an index */
  top: Document;
  /** the manifest of the wanted platform; the same document if there is only one */
  chosen: Document;
  manifest: ImageManifest;
}

export interface WantedPlatform extends Platform {
  /** The user named it: an image of another platform is then not what was asked for. */
  explicit: boolean;
}

/** From the reference to the manifest of the wanted platform: one request, two for an image of several platforms. */
export async function locateImage(repository: Repository, platform: WantedPlatform): Promise<LocatedImage> {
  const top = await repository.manifest();
  const parsed = parseManifest(top.bytes);
  if (parsed.kind === 'image') {
    return {top, chosen: top, manifest: parsed.image};
  }
  const chosen = await repository.manifest(parsed.choose(platform));
  const inner = parseManifest(chosen.bytes);
  if (inner.kind === 'index') {
    throw new DaemonError("the registry's index points to another index where an image should be");
  }
  return {top, chosen, manifest: inner.image};
}

/** Reads the configuration of a located image: one more request. */
export async function describeImage(
  repository: Repository,
  {top, chosen, manifest}: LocatedImage,
  {reference, platform, now}: {reference: ImageReference; platform: WantedPlatform; now: Date},
): Promise<ImageRecord> {
  const facts = parseImageConfig((await repository.config(manifest.config.digest)).bytes);
  if (platform.explicit && (facts.os !== platform.os || facts.architecture !== platform.architecture)) {
    throw new NotFound(
      `image with reference ${normalizedReference(reference)} was found but its platform (${facts.os}/${facts.architecture}) ` +
        `does not match the specified platform (${platformName(platform)})`,
    );
  }
  const layers = manifest.layers.map(({digest, size}) => ({digest, size}));
  return {
    ...facts,
    reference: normalizedReference(reference),
    id: top.digest,
    pullReference: `${reference.domain}/${reference.path}@${top.digest}`,
    mediaType: top.mediaType,
    manifestDigest: chosen.digest,
    manifestSize: top.bytes.length,
    configDigest: manifest.config.digest,
    pulledAt: now.toISOString(),
    layers,
    size: layers.reduce((sum, layer) => sum + layer.size, manifest.config.size + chosen.bytes.length),
  };
}
