import type {Filters} from './filters.ts';
import {matchesExactly, matchesLabels} from './filters.ts';

/** Something that happened to a container, an image, a network or a volume. */
export interface DockerEvent {
  Type: 'container' | 'image' | 'network' | 'volume' | 'daemon';
  /** `die`, `exec_create: sh -c true` … */
  Action: string;
  Actor: {ID: string; Attributes: Record<string, string>};
  /** nanoseconds since 1970 */
  nanoseconds: bigint;
}

/** Which events are asked for. Times in nanoseconds since 1970; no `since`: only what happens from now on; no `until`: for ever. */
export interface EventOptions {
  since: bigint | undefined;
  until: bigint | undefined;
  filters: Filters;
}

export const eventFilterKeys = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
] as const;

/** Actions that carry data after a colon; asked for by their name alone, they match by prefix, as all others do not. */
const actionsWithData = new Set(['exec_create', 'exec_start', 'health_status']);

/** Whether an event is one of those asked for, by the rules of moby's `daemon/events/filter.go`. */
export function matchesEvent(event: DockerEvent, filters: Filters): boolean {
  const {ID, Attributes} = event.Actor;
  const named = (key: string): boolean => matchesPrefix(filters, key, [ID, Attributes['name'] ?? '']);
  return (
    matchesAction(filters, event.Action) &&
    matchesExactly(filters, 'type', event.Type) &&
    matchesExactly(filters, 'scope', 'local') &&
    matchesImage(event, filters) &&
    ['container', 'network', 'volume', 'daemon', 'plugin', 'node', 'service', 'secret', 'config'].every(
      named,
    ) &&
    matchesLabels(filters, Attributes)
  );
}

/**
 * One line of `GET /events`, its newline included. Containers and images also have the old fields `status`, `id` and `from`: older docker
 * CLIs and compose crash without them; API 1.52 dropped them (`minor` is the second number of the request's API version).
 */
export function eventLine({Type, Action, Actor, nanoseconds}: DockerEvent, minor: number): string {
  const old = minor < 52 ? oldFields(Type, Action, Actor) : {};
  const head = JSON.stringify({
    ...old,
    Type,
    Action,
    Actor,
    scope: 'local',
    time: Number(nanoseconds / 1_000_000_000n),
  });
  // timeNano is above what a JavaScript number can hold
  return `${head.slice(0, -1)},"timeNano":${nanoseconds}}\n`;
}

function oldFields(type: string, status: string, {ID, Attributes}: DockerEvent['Actor']): object {
  if (type === 'image') return {status, id: ID};
  if (type !== 'container') return {};
  const from = Attributes['image'];
  return from === undefined ? {status, id: ID} : {status, id: ID, from};
}

function matchesAction(filters: Filters, action: string): boolean {
  const wanted = filters.get('event') ?? [];
  if (wanted.some(name => actionsWithData.has(name))) return matchesPrefix(filters, 'event', [action]);
  return matchesExactly(filters, 'event', action);
}

function matchesPrefix(filters: Filters, key: string, values: readonly string[]): boolean {
  const wanted = filters.get(key) ?? [];
  return wanted.length === 0 || wanted.some(prefix => values.some(value => value.startsWith(prefix)));
}

function matchesImage({Type, Actor}: DockerEvent, filters: Filters): boolean {
  const name = Actor.Attributes[Type === 'image' ? 'name' : 'image'] ?? '';
  return [Actor.ID, name, withoutTag(Actor.ID), withoutTag(name)].some(value =>
    matchesExactly(filters, 'image', value),
  );
}

function withoutTag(reference: string): string {
  return reference.replace(/(@.*|:[^:/]*)$/, '');
}
