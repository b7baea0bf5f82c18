import {InvalidRequest} from '../errors.ts';
import {type Filters, booleanFilter, matchesLabels, requireKnownFilters} from '../wire/filters.ts';
import {familiarName, familiarReference, parseImageReference} from '../wire/image-reference.ts';
import {findImage} from './find-image.ts';
import type {ImageRecord} from './image-record.ts';

const known = ['reference', 'dangling', 'label', 'label!', 'before', 'since', 'until'];

/** The images that pass every filter. Values of one key are alternatives, save for `label`, where all have to be there. */
export function selectImages(images: ImageRecord[], filters: Filters): ImageRecord[] {
  requireKnownFilters(filters, known);
  const values = (key: string): readonly string[] => filters.get(key) ?? [];
  const references = values('reference');
  const before = values('before').map(text => findImage(images, text).created);
  const since = values('since').map(text => findImage(images, text).created);
  const until = values('until').map(time);
  const dangling = booleanFilter(filters, 'dangling');
  const tagged = new Set(images.filter(({reference}) => !isUntagged(reference)).map(({id}) => id));
  return images.filter(
    image =>
      (references.length === 0 || references.some(pattern => matchesReference(image.reference, pattern))) &&
      (dangling === undefined || dangling !== tagged.has(image.id)) &&
      matchesLabels(filters, image.config.Labels) &&
      before.every(created => Date.parse(image.created) < Date.parse(created)) &&
      since.every(created => Date.parse(image.created) > Date.parse(created)) &&
      until.every(limit => Date.parse(image.created) < limit),
  );
}

function isUntagged(reference: string): boolean {
  return reference.includes('@');
}

/** `path.Match` of Go on the familiar name, with and without its tag: `*` and `?` stop at a slash. */
function matchesReference(reference: string, pattern: string): boolean {
  const parsed = parseImageReference(reference);
  return [familiarName(parsed), familiarReference(parsed)].some(name => {
    const parts = name.split('/');
    const patterns = pattern.split('/');
    return (
      parts.length === patterns.length && parts.every((part, at) => matchesGlob(part, patterns[at] ?? ''))
    );
  });
}

/** Without a regular expression, whose time a client could make grow without bound. */
function matchesGlob(text: string, pattern: string): boolean {
  let [at, of] = [0, 0];
  let star: {at: number; of: number} | undefined;
  while (at < text.length) {
    if (pattern[of] === '*') {
      star = {at, of: of++};
    } else if (pattern[of] === '?' || pattern[of] === text[at]) {
      at++;
      of++;
    } else if (star !== undefined) {
      at = ++star.at;
      of = star.of + 1;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(of));
}

/** Unix seconds or RFC 3339; milliseconds since 1970. */
function time(text: string): number {
  const milliseconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(milliseconds)) {
    throw new InvalidRequest(
      `invalid filter 'until=${text.slice(0, 100)}': give seconds since 1970 or a date`,
    );
  }
  return milliseconds;
}
