import {DaemonError} from '../errors.ts';
import {type ImageReference, familiarReference} from '../wire/image-reference.ts';
import {progressError} from '../wire/progress-lines.ts';
import type {ImageRecord} from './image-record.ts';
import type {LocatedImage} from './resolve-image.ts';

/** One line of Docker's progress stream (docker-api.md 4.9). */
export interface PullMessage {
  status?: string;
  id?: string;
  progressDetail?: {current?: number; total?: number};
  errorDetail?: {message: string};
  error?: string;
}

export interface PullSteps {
  reference: ImageReference;
  located: LocatedImage;
  /** Reads the configuration. */
  describe(): Promise<ImageRecord>;
  /** Lets a node pull it, if somebody wants that; true when a node has it now. */
  deliver(image: ImageRecord): Promise<boolean>;
  /** Writes it down; true when the reference meant something else before. */
  keep(image: ImageRecord): Promise<boolean>;
  signal: AbortSignal;
}

export interface KnownImage extends Pick<PullSteps, 'reference' | 'deliver' | 'signal'> {
  image: ImageRecord;
}

/**
 * The pull after the first byte: what fails now is told in band, as the status is already 200. We read manifest and configuration only; layers are the
 * nodes' business, and a layer is called complete only when a node said so.
 */
export async function* pullMessages(steps: PullSteps): AsyncGenerator<PullMessage> {
  const {reference, located, signal} = steps;
  const layers = [...new Set(located.manifest.layers.map(({digest}) => shortId(digest)))];
  yield pullingFrom(reference);
  for (const id of layers) {
    yield {status: 'Pulling fs layer', progressDetail: {}, id};
  }
  yield* inBand(signal, async function* () {
    const image = await steps.describe();
    const status = (await steps.deliver(image))
      ? 'Pull complete'
      : 'Resolved, a node pulls it at the first run';
    for (const id of layers) {
      yield {status, progressDetail: {}, id};
    }
    const newer = await steps.keep(image);
    yield {status: `Digest: ${image.id}`};
    yield newer ? downloaded(reference) : upToDate(reference);
  });
}

/** The same for a registry that still has what we know: a node may have forgotten it, though, or never have had it. */
export async function* upToDateMessages({
  reference,
  image,
  deliver,
  signal,
}: KnownImage): AsyncGenerator<PullMessage> {
  yield pullingFrom(reference);
  yield* inBand(signal, async function* () {
    await deliver(image);
    yield {status: `Digest: ${image.id}`};
    yield upToDate(reference);
  });
}

async function* inBand(
  signal: AbortSignal,
  messages: () => AsyncGenerator<PullMessage>,
): AsyncGenerator<PullMessage> {
  try {
    yield* messages();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DaemonError)) {
      throw error;
    }
    yield progressError(error.message);
  }
}

function downloaded(reference: ImageReference): PullMessage {
  return {status: `Status: Downloaded newer image for ${familiarReference(reference)}`};
}

function upToDate(reference: ImageReference): PullMessage {
  return {status: `Status: Image is up to date for ${familiarReference(reference)}`};
}

function pullingFrom(reference: ImageReference): PullMessage {
  return {status: `Pulling from ${reference.path}`, id: reference.digest ?? reference.tag ?? 'latest'};
}

function shortId(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}
