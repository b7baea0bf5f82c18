import {InvalidRequest} from '../errors.ts';
import {empty, json} from '../http/reply.ts';
import {createFieldNames} from '../policy/create-fields.ts';
import {ContainerCreateRequest} from '../wire/container-create-request.ts';
import {parseFilters, requireKnownFilters, type Filters} from '../wire/filters.ts';
import {flag, limit, optionalInteger, optionalText} from '../wire/query-values.ts';
import {endpoint} from './endpoint.ts';

const listFilters = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];
const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const healths = ['none', 'starting', 'healthy', 'unhealthy'];

/** How a container comes, runs and goes. Its streams are in container-streams.ts. */
export const containers = [
  endpoint('GET', '/containers/json', {
    query: {all: flag, limit, size: flag, filters: parseListFilters},
    handle({query}, engine) {
      return json(200, engine.containers.list(query));
    },
  }),
  endpoint('POST', '/containers/create', {
    query: {name: optionalText, platform: optionalText},
    body: ContainerCreateRequest,
    bodyRequired: true,
    names: createFieldNames,
    async handle({query, body, raw}, engine) {
      return json(201, await engine.containers.create(body, {...query, raw}));
    },
  }),
  endpoint('POST', '/containers/prune', {
    query: {filters: parseFilters},
    async handle({query: {filters}}, engine) {
      requireKnownFilters(filters, ['label', 'label!', 'until']);
      return json(200, await engine.containers.prune(filters));
    },
  }),
  endpoint('GET', '/containers/{id}/json', {
    handle({params}, engine) {
      return json(200, engine.containers.inspect(params.id));
    },
  }),
  endpoint('POST', '/containers/{id}/start', {
    // since 1.24 the settings come with create; the body, and the old detachKeys, are ignored
    async handle({params}, engine) {
      await engine.containers.start(params.id);
      return empty(204);
    },
  }),
  endpoint('POST', '/containers/{id}/stop', {
    query: {signal: optionalText, t: optionalInteger},
    async handle({params, query: {signal, t}}, engine) {
      await engine.containers.stop(params.id, {signal, timeout: t});
      return empty(204);
    },
  }),
  endpoint('POST', '/containers/{id}/kill', {
    query: {signal: optionalText},
    async handle({params, query}, engine) {
      await engine.containers.kill(params.id, query.signal);
      return empty(204);
    },
  }),
  endpoint('DELETE', '/containers/{id}', {
    query: {force: flag, v: flag, link: flag},
    async handle({params, query}, engine) {
      if (query.link)
        throw new InvalidRequest('badidea has no legacy container links, so there is none to remove');
      await engine.containers.remove(params.id, {force: query.force, volumes: query.v});
      return empty(204);
    },
  }),
] as const;

/** Refuses what Docker refuses, before the engine sees it. */
function parseListFilters(text: string | undefined): Filters {
  const filters = parseFilters(text);
  requireKnownFilters(filters, listFilters);
  requireOneOf(
    filters,
    'status',
    states,
    value => `invalid value for state (${value}): must be one of ${states.join(', ')}`,
  );
  requireOneOf(
    filters,
    'health',
    healths,
    value => `invalid value for health (${value}): must be one of ${healths.join(', ')}`,
  );
  return filters;
}

function requireOneOf(
  filters: Filters,
  key: string,
  allowed: readonly string[],
  problem: (value: string) => string,
): void {
  for (const value of filters.get(key) ?? []) {
    if (!allowed.includes(value))
      throw new InvalidRequest(`invalid filter '${key}=${value}': ${problem(value)}`);
  }
}
