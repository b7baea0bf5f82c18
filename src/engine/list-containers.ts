import {InvalidRequest} from '../errors.ts';
import {
  containerSummary,
  type ContainerSummary,
  exposedPorts,
  labelsOf,
  statusOf,
} from '../translate/container-answers.ts';
import {
  booleanFilter,
  type Filters,
  matchesLabels,
  matchesName,
  requireKnownFilters,
} from '../wire/filters.ts';
import type {ContainerIndex} from './container-index.ts';
import type {Container} from './container.ts';

const KNOWN =
  'ancestor before exited expose health id is-task isolation label label! name network publish since status volume'.split(
    ' ',
  );
const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];

/** `docker ps`: newest first. `now`: nanoseconds since 1970. @throws InvalidRequest for a filter that does not exist */
export function listContainers(
  index: ContainerIndex,
  options: {all: boolean; limit: number | undefined; filters: Filters},
  now: bigint,
): ContainerSummary[] {
  const {filters, limit} = options;
  validate(filters);
  const narrowed = filters.has('status') || filters.has('exited') || (limit !== undefined && limit > 0);
  const listed = [...index]
    .filter(container => options.all || narrowed || container.running)
    .filter(container => fits(container, filters, index))
    .toSorted((one, other) => Number(BigInt(other.record.created) - BigInt(one.record.created)));
  return (limit !== undefined && limit > 0 ? listed.slice(0, limit) : listed).map(container =>
    containerSummary(container.view, now),
  );
}

function validate(filters: Filters): void {
  requireKnownFilters(filters, KNOWN);
  for (const status of filters.get('status') ?? []) {
    if (!STATES.includes(status)) {
      throw new InvalidRequest(
        `invalid filter 'status=${status}': invalid value for state (${status}): must be one of ${STATES.join(', ')}`,
      );
    }
  }
}

function fits(container: Container, filters: Filters, index: ContainerIndex): boolean {
  const {record, state, view} = container;
  const any = (key: string, test: (value: string) => boolean) => filters.get(key)?.some(test) ?? true;
  return (
    matchesName(filters, `/${container.name}`) &&
    matchesLabels(filters, labelsOf(record)) &&
    any('id', id => container.id.startsWith(id)) &&
    any('status', status => statusOf(view) === status) &&
    any('exited', code => state.status === 'exited' && state.exitCode === Number(code)) &&
    any('ancestor', image => isImage(record.image.id, record.request.Image, image)) &&
    any('network', network => record.request.HostConfig.NetworkMode === network) &&
    any('publish', port => state.ports.some(({hostPort}) => String(hostPort) === port.split('/', 1)[0])) &&
    any('expose', port =>
      exposedPorts(record).some(exposed => exposed === port || exposed === `${port}/tcp`),
    ) &&
    any('health', health => health === 'none') &&
    any('before', reference => record.created < index.find(reference).record.created) &&
    any('since', reference => record.created > index.find(reference).record.created) &&
    any('volume', () => false) &&
    booleanFilter(filters, 'is-task') !== true
  );
}

function isImage(id: string, reference: string, wanted: string): boolean {
  const bare = (text: string) => text.replace(/:latest$/, '');
  return (
    bare(reference) === bare(wanted) ||
    id === wanted ||
    (wanted.length >= 4 && id.replace('sha256:', '').startsWith(wanted.replace('sha256:', '')))
  );
}
