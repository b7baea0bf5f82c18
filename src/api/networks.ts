import {json} from '../http/reply.ts';
import {parseFilters, requireKnownFilters, type Filters} from '../wire/filters.ts';
import {endpoint} from './endpoint.ts';
import type {Engine} from './engine.ts';

const known = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

export const networks = [
  endpoint('GET', '/networks', {query: {filters: parseFilters}, handle: list}),
  // older clients have the slash
  endpoint('GET', '/networks/', {query: {filters: parseFilters}, handle: list}),
  endpoint('GET', '/networks/{id}', {
    handle({params}, engine) {
      return json(200, engine.networks.inspect(params.id));
    },
  }),
] as const;

function list({query: {filters}}: {query: {filters: Filters}}, engine: Engine) {
  requireKnownFilters(filters, known);
  return json(200, engine.networks.list(filters));
}
