import type {Images} from '../api/engine.ts';
import type {Cluster, Secret} from '../cluster/cluster.ts';
import {NotSupported} from '../errors.ts';
import {
  type ImageReference,
  familiarName,
  familiarReference,
  normalizedReference,
  parseImageReference,
  withDefaultTag,
} from '../wire/image-reference.ts';
import type {RegistryAuth} from '../wire/registry-auth.ts';
import {explained} from './explained.ts';
import {findImage} from './find-image.ts';
import {imageInspect, imageSummaries} from './image-answers.ts';
import {selectImages} from './image-filters.ts';
import {ImageIndex} from './image-index.ts';
import type {ImageRecord} from './image-record.ts';
import {type Platform, parsePlatform} from './platform.ts';
import {pullMessages, upToDateMessages} from './pull.ts';
import {type RegistryOptions, openRepository} from './registry-client.ts';
import {describeImage, locateImage} from './resolve-image.ts';

export interface ImagesOptions extends RegistryOptions {
  cluster: Pick<Cluster, 'createSecret' | 'patchSecret'>;
  owner: string;
  /** of the cluster's nodes, where a pull names no platform */
  architecture(): Platform['architecture'];
  now(): Date;
  /** An event to tell: `id` is the reference as Docker has it in image events. */
  emit(event: {action: 'pull'; id: string; attributes: Record<string, string>}): void;
}

/** An image that was just resolved and is about to be called pulled. */
interface PulledImage {
  image: ImageRecord;
  /** The credentials that the registry wanted, for a pull secret; undefined for a public image. Not to be logged. */
  auth: RegistryAuth | undefined;
  /** aborted when the client gives up, and after a time */
  signal: AbortSignal;
}

/**
 * Called within the pull, which waits for it: true when a node has the image now, false or undefined when that is left for later. A rejection with one of
 * our errors ends the pull with its message.
 */
type PullListener = (pulled: PulledImage) => Promise<boolean> | boolean | undefined;

export interface ImageRoom extends Images {
  /** The image behind what a client calls it; throws NotFound "No such image: x:latest". */
  resolve(reference: string): ImageRecord;
  /** The credentials with which this daemon pulled it, as long as it runs; undefined for a public image. */
  credentials(image: ImageRecord): RegistryAuth | undefined;
  onPulled(listener: PullListener): void;
  /** The daemon's watch of Secrets: `changed`, `deleted` and `replaced`. */
  applySecret(secret: Secret): void;
  removeSecret(secret: Secret): void;
  replaceSecrets(secrets: readonly Secret[]): void;
}

/** A registry, and then a node, have this long before a pull is given up (milliseconds). */
const registryPatience = 100_000;
const nodePatience = 10 * 60_000;

/** Images: what was pulled, and pulling. */
export function createImages(options: ImagesOptions): ImageRoom {
  const index = new ImageIndex(options.cluster, options.owner);
  const listeners: PullListener[] = [];
  // By name without tag. In memory only: what a Pod needs of them becomes a Secret, which is the engine's to make.
  const credentials = new Map<string, RegistryAuth>();

  async function pull({
    reference: text,
    platform,
    auth,
    signal,
  }: Parameters<Images['pull']>[0]): Promise<AsyncIterable<object>> {
    const reference = pullableReference(text);
    const wanted = {
      ...parsePlatform(platform || 'linux', options.architecture()),
      explicit: Boolean(platform),
    };
    const patient = AbortSignal.any([signal, AbortSignal.timeout(registryPatience)]);
    const repository = openRepository(reference, options, {auth, signal: patient});

    const hand = async (image: ImageRecord): Promise<boolean> => {
      const used = repository.usedCredentials() ? auth : undefined;
      remember(image, used);
      return deliver(listeners, {
        image,
        auth: used,
        signal: AbortSignal.any([signal, AbortSignal.timeout(nodePatience)]),
      });
    };

    const known = index.get(normalizedReference(reference));
    if (known?.architecture === wanted.architecture && (await repository.digest()) === known.id) {
      return upToDateMessages({reference, image: known, deliver: hand, signal});
    }
    const located = await locateImage(repository, wanted);
    return pullMessages({
      reference,
      located,
      signal,
      describe: () => describeImage(repository, located, {reference, platform: wanted, now: options.now()}),
      deliver: hand,
      keep: async image => {
        const newer = await index.put(image);
        const attributes = {...image.config.Labels, name: familiarName(reference)};
        options.emit({action: 'pull', id: familiarReference(reference), attributes});
        return newer;
      },
    });
  }

  function remember(image: ImageRecord, auth: RegistryAuth | undefined): void {
    if (auth === undefined) {
      credentials.delete(nameOf(image));
    } else {
      credentials.set(nameOf(image), auth);
    }
  }

  return {
    pull,
    list: ({filters}) => imageSummaries(selectImages(index.all(), filters)),
    inspect: reference => imageInspect(findImage(index.all(), reference), index.all()),
    resolve: reference => findImage(index.all(), reference),
    credentials: image => credentials.get(nameOf(image)),
    onPulled: listener => void listeners.push(listener),
    applySecret: secret => index.applySecret(secret),
    removeSecret: secret => index.removeSecret(secret),
    replaceSecrets: secrets => index.replaceSecrets(secrets),
  };
}

/** A digest says more than a tag beside it, which Docker then drops. */
function pullableReference(text: string): ImageReference {
  if (text.endsWith(':')) {
    throw new NotSupported(
      explained('Pulling all tags of a repository is not possible here.', {
        why: 'badidea pulls an image for the cluster, one reference at a time.',
        fix: 'Leave --all-tags out and name the tags that you need.',
      }),
    );
  }
  const reference = withDefaultTag(parseImageReference(text));
  return reference.digest === undefined ? reference : {...reference, tag: undefined};
}

async function deliver(listeners: readonly PullListener[], pulled: PulledImage): Promise<boolean> {
  const delivered = await Promise.all(listeners.map(async listener => listener(pulled)));
  return delivered.includes(true);
}

function nameOf(image: ImageRecord): string {
  return image.pullReference.slice(0, image.pullReference.indexOf('@'));
}
