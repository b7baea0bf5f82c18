import {InvalidRequest} from '../errors.ts';
import {
  containerSummary,
  type ContainerSummary,
  exposedPorts,
  labelsOf,
  statusOf,
} from '../translate/container-answers.ts';
import {BRIDGE_ID} from '../translate/networks.ts';
import {
  booleanFilter,
  type Filters,
  matchesLabels,
  matchesName,
  requireKnownFilters,
} from '../wire/filters.ts';
import type {ContainerIndex} from './container-index.ts';
import type {Container} from './container.ts';
import {portFilter} from './port-filter.ts';

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
  const tests = testsOf(filters, index);
  const all = options.all || (filters.get('status') ?? []).length > 0 || (limit !== undefined && limit > 0);
  const listed = [...index]
    .filter(container => all || container.running)
    .filter(container => tests.every(test => test(container)))
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

type Test = (container: Container) => boolean;

/** A test for each filter that is given. */
function testsOf(filters: Filters, index: ContainerIndex): Test[] {
  const any = (key: string, testOf: (value: string) => Test): Test[] => {
    const alternatives = (filters.get(key) ?? []).map(testOf);
    return alternatives.length > 0 ? [container => alternatives.some(test => test(container))] : [];
  };
  const isTask = booleanFilter(filters, 'is-task');
  return [
    ({name}) => matchesName(filters, `/${name}`),
    ({record}) => matchesLabels(filters, labelsOf(record)),
    () => isTask !== true,
    ...any(
      'id',
      wanted =>
        ({id}) =>
          id.startsWith(wanted),
    ),
    ...any(
      'status',
      status =>
        ({view}) =>
          statusOf(view) === status,
    ),
    ...any(
      'exited',
      code =>
        ({state}) =>
          state.status === 'exited' && state.exitCode === Number(code),
    ),
    ...any(
      'ancestor',
      image =>
        ({record}) =>
          isImage(record.image.id, record.request.Image, image),
    ),
    ...any(
      'network',
      network =>
        ({record}) =>
          isNetwork(record.request.HostConfig.NetworkMode, network),
    ),
    ...any('publish', text => publishes(portFilter('publish', text))),
    ...any('expose', text => exposes(portFilter('expose', text))),
    ...any('health', health => () => health === 'none'),
    ...any('before', reference => isBefore(index.find(reference).record.created)),
    ...any('since', reference => isSince(index.find(reference).record.created)),
    ...any('volume', () => () => false),
  ];
}

function publishes(isMeant: ReturnType<typeof portFilter>): Test {
  return ({running, state}) =>
    running &&
    state.ports.some(({containerPort, hostPort}) => isMeant(hostPort, containerPort.split('/')[1] ?? 'tcp'));
}

function exposes(isMeant: ReturnType<typeof portFilter>): Test {
  return ({record}) =>
    exposedPorts(record).some(exposed => {
      const [port, protocol = 'tcp'] = exposed.split('/', 2);
      return isMeant(Number(port), protocol);
    });
}

function isBefore(created: string): Test {
  return ({record}) => record.created < created;
}

function isSince(created: string): Test {
  return ({record}) => record.created > created;
}

/** Every container is in the default network. */
function isNetwork(mode: string, wanted: string): boolean {
  return mode === wanted || (mode === 'bridge' && wanted === BRIDGE_ID);
}

function isImage(id: string, reference: string, wanted: string): boolean {
  const bare = (text: string) => text.replace(/:latest$/, '');
  return (
    bare(reference) === bare(wanted) ||
    id === wanted ||
    (wanted.length >= 4 && id.replace('sha256:', '').startsWith(wanted.replace('sha256:', '')))
  );
}
