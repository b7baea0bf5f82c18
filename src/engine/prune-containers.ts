import {InvalidRequest} from '../errors.ts';
import {labelsOf} from '../translate/container-answers.ts';
import {parseTimestamp} from '../wire/docker-times.ts';
import {type Filters, matchesLabels, requireKnownFilters} from '../wire/filters.ts';
import type {Container} from './container.ts';
import {type RemovalRooms, removeContainer} from './remove-container.ts';

/** Go's units of a duration, in nanoseconds. */
const UNITS: Record<string, number> = {h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6};

/** `docker container prune`: what does not run; one that cannot be removed does not keep the others. @returns the ids of those that are gone */
export async function pruneContainers(filters: Filters, rooms: RemovalRooms): Promise<string[]> {
  requireKnownFilters(filters, ['label', 'label!', 'until']);
  const bounds = (filters.get('until') ?? []).map(text => untilTime(text, rooms.context.now()));
  const stopped = [...rooms.index].filter(container => isMeant(container, filters, bounds));
  const outcomes = await Promise.allSettled(
    stopped.map(container => removeContainer(container, {reference: container.id, force: false}, rooms)),
  );
  return stopped.flatMap(({id}, place) => {
    const outcome = outcomes[place];
    if (outcome?.status === 'fulfilled') return [id];
    rooms.context.log('a container could not be pruned', {container: id, error: String(outcome?.reason)});
    return [];
  });
}

function isMeant({record, removing, running}: Container, filters: Filters, bounds: bigint[]): boolean {
  const isOld = bounds.every(bound => BigInt(record.created) < bound);
  return !running && !removing && isOld && matchesLabels(filters, labelsOf(record));
}

/** `24h`, a Unix time or a date, in nanoseconds since 1970. */
function untilTime(text: string, now: bigint): bigint {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[hms])/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join('') === text) {
    const span = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
    return now - BigInt(Math.round(span));
  }
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(date)) return BigInt(date) * 1_000_000n;
  try {
    return parseTimestamp(text) ?? now;
  } catch (error) {
    throw new InvalidRequest(`invalid filter 'until=${text}': neither a time nor a duration like 24h`, {
      cause: error,
    });
  }
}
