import {InvalidRequest, NotFound} from '../errors.ts';
import {
  familiarReference,
  normalizedReference,
  parseImageReference,
  withDefaultTag,
} from '../wire/image-reference.ts';
import type {ImageRecord} from './image-record.ts';

/**
 * The image that a client means by a name, `name:tag`, `name@digest`, an id or the beginning of one. A name goes before an id, as in Docker. Throws NotFound
 * in Docker's words, InvalidRequest for what can be neither.
 */
export function findImage(images: readonly ImageRecord[], text: string): ImageRecord {
  const hex = /^(?:sha256:)?([a-f0-9]{1,64})$/.exec(text)?.[1];
  const found =
    (hex?.length === 64 ? undefined : byName(images, text)) ??
    (hex === undefined ? undefined : byId(images, hex));
  if (found === undefined) {
    throw new NotFound(
      `No such image: ${hex?.length === 64 ? text : familiarReference(withDefaultTag(parseImageReference(text)))}`,
    );
  }
  return found;
}

function byName(images: readonly ImageRecord[], text: string): ImageRecord | undefined {
  const reference = withDefaultTag(parseImageReference(text));
  const {digest} = reference;
  if (digest === undefined) {
    const full = normalizedReference(reference);
    return images.find(image => image.reference === full);
  }
  const name = `${reference.domain}/${reference.path}`;
  return images.find(
    image =>
      (image.id === digest || image.manifestDigest === digest) && image.pullReference.startsWith(`${name}@`),
  );
}

function byId(images: readonly ImageRecord[], hex: string): ImageRecord | undefined {
  const found = images.filter(({id}) => id.startsWith(`sha256:${hex}`));
  if (new Set(found.map(({id}) => id)).size > 1) {
    throw new InvalidRequest(`ambiguous image id: ${hex} is the beginning of more than one`);
  }
  return found.find(({reference}) => !reference.includes('@')) ?? found[0];
}
