import {goTime, zeroTime} from '../wire/docker-times.ts';
import {humanDuration} from '../wire/human-durations.ts';
import type {ContainerRecord, ContainerState, PublishedPort} from './container-record.ts';
import {type HostConfigAnswer, hostConfigAnswer} from './host-config-answer.ts';
import {bridgeEndpoint, type EndpointAnswer} from './networks.ts';
import {configuredEnvironment, entrypointAndCommand, hostnameOf} from './process-for-container.ts';

/** A container as it is now: what never changes, what does, and what only its Pod and its agent know. */
export interface ContainerView {
  record: ContainerRecord;
  state: ContainerState;
  removing: boolean;
  pid: number;
  podIp: string | undefined;
  execIds: string[];
}

export interface ContainerInspect {
  Id: string;
  Name: string;
  State: {Status: string; ExitCode: number; Running: boolean; [field: string]: unknown};
  Config: {Tty: boolean; Image: string; Labels: Record<string, string>; [field: string]: unknown};
  HostConfig: HostConfigAnswer;
  NetworkSettings: {Ports: PortMap; [field: string]: unknown};
  [field: string]: unknown;
}

export interface ContainerSummary {
  Id: string;
  Names: string[];
  State: string;
  Status: string;
  Ports: {IP?: string; PrivatePort: number; PublicPort?: number; Type: string}[];
  [field: string]: unknown;
}

type PortMap = Record<string, {HostIp: string; HostPort: string}[] | null>;

/** `GET /containers/{id}/json`; the fields and their order are those of dockerd 28.5.2. */
export function containerInspect(view: ContainerView): ContainerInspect {
  const {record} = view;
  const {request, image} = record;
  const {entrypoint, command} = entrypointAndCommand(request, image.config);
  const [path, ...args] = [...entrypoint, ...command];
  const environment = configuredEnvironment(record);
  return {
    Id: record.id,
    Created: goTime(BigInt(record.created)),
    Path: path ?? '',
    Args: args,
    State: inspectState(view),
    Image: image.id,
    ResolvConfPath: '',
    HostnamePath: '',
    HostsPath: '',
    LogPath: '',
    Name: `/${record.name}`,
    RestartCount: 0,
    Driver: 'overlayfs',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: view.execIds.length > 0 ? view.execIds : null,
    HostConfig: hostConfigAnswer(record),
    GraphDriver: {Data: null, Name: 'overlayfs'},
    Mounts: [],
    Config: {
      Hostname: hostnameOf(record),
      Domainname: request.Domainname,
      User: request.User || image.config.User,
      AttachStdin: request.AttachStdin,
      AttachStdout: request.AttachStdout,
      AttachStderr: request.AttachStderr,
      ...(exposedPorts(record).length > 0 ? {ExposedPorts: goSet(exposedPorts(record))} : {}),
      Tty: request.Tty,
      OpenStdin: request.OpenStdin,
      StdinOnce: request.StdinOnce,
      Env: environment.length > 0 ? environment : null,
      Cmd: command.length > 0 ? command : null,
      Image: request.Image,
      Volumes:
        image.config.Volumes.length + request.Volumes.length > 0
          ? goSet([...image.config.Volumes, ...request.Volumes])
          : null,
      WorkingDir: request.WorkingDir || image.config.WorkingDir,
      Entrypoint: entrypoint.length > 0 ? entrypoint : null,
      OnBuild: null,
      Labels: labelsOf(record),
      ...stopFields(record),
    },
    NetworkSettings: networkSettings(view),
  };
}

/** One row of `GET /containers/json`. `now` in nanoseconds since 1970. */
export function containerSummary(view: ContainerView, now: bigint): ContainerSummary {
  const {record} = view;
  const {entrypoint, command} = entrypointAndCommand(record.request, record.image.config);
  const [path, ...args] = [...entrypoint, ...command];
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: record.request.Image,
    ImageID: record.image.id,
    Command: [path, ...args.map(quoted)].join(' '),
    Created: Number(BigInt(record.created) / 1_000_000_000n),
    Ports: summaryPorts(view),
    Labels: labelsOf(record),
    State: statusOf(view),
    Status: statusWords(view, now),
    HostConfig: {NetworkMode: record.request.HostConfig.NetworkMode},
    NetworkSettings: {Networks: networks(view)},
    Mounts: [],
  };
}

export function labelsOf({request, image}: ContainerRecord): Record<string, string> {
  return {...image.config.Labels, ...request.Labels};
}

/** `created`, `running`, `removing`, `exited`: Docker's word. */
export function statusOf({state, removing}: Pick<ContainerView, 'state' | 'removing'>): string {
  return removing ? 'removing' : state.status;
}

/** The ports of the image, of `--expose` and of `-p`, as `80/tcp`. */
export function exposedPorts({request, image}: ContainerRecord): string[] {
  const ports = [
    ...image.config.ExposedPorts,
    ...request.ExposedPorts,
    ...Object.keys(request.HostConfig.PortBindings),
  ];
  return [...new Set(ports.map(port => (port.includes('/') ? port : `${port}/tcp`)))].toSorted();
}

function statusWords(view: ContainerView, now: bigint): string {
  const {state} = view;
  if (view.removing) return 'Removal In Progress';
  if (state.status === 'created') return 'Created';
  if (state.status === 'running') return `Up ${age(now, state.startedAt)}`;
  return `Exited (${state.exitCode}) ${age(now, state.finishedAt)} ago`;
}

function inspectState(view: ContainerView): ContainerInspect['State'] {
  const {state} = view;
  return {
    Status: statusOf(view),
    Running: state.status === 'running',
    Paused: false,
    Restarting: false,
    OOMKilled: state.oomKilled,
    Dead: false,
    Pid: state.status === 'running' ? view.pid : 0,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: timeOrZero(state.startedAt),
    FinishedAt: timeOrZero(state.finishedAt),
  };
}

function stopFields({request, image}: ContainerRecord): Record<string, unknown> {
  const signal = request.StopSignal ?? image.config.StopSignal;
  return {
    ...(signal === undefined ? {} : {StopSignal: signal}),
    ...(request.StopTimeout === undefined ? {} : {StopTimeout: request.StopTimeout}),
  };
}

function networkSettings(view: ContainerView): ContainerInspect['NetworkSettings'] {
  const running = view.state.status === 'running';
  const endpoint = bridgeEndpoint(view.record.id, running ? view.podIp : undefined);
  return {
    Bridge: '',
    SandboxID: running ? view.record.id : '',
    SandboxKey: '',
    Ports: running ? portMap(view.record, view.state.ports) : {},
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: endpoint.EndpointID,
    Gateway: endpoint.Gateway,
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: endpoint.IPAddress,
    IPPrefixLen: endpoint.IPPrefixLen,
    IPv6Gateway: '',
    MacAddress: '',
    Networks: networks(view),
  };
}

function networks(view: ContainerView): Record<string, EndpointAnswer> {
  const mode = view.record.request.HostConfig.NetworkMode;
  const address = view.state.status === 'running' && mode === 'bridge' ? view.podIp : undefined;
  return {[mode]: bridgeEndpoint(view.record.id, address)};
}

function portMap(record: ContainerRecord, published: PublishedPort[]): PortMap {
  const map: PortMap = Object.fromEntries(exposedPorts(record).map(port => [port, null]));
  for (const {containerPort, hostIp, hostPort} of published) {
    map[containerPort] = [...(map[containerPort] ?? []), {HostIp: hostIp, HostPort: String(hostPort)}];
  }
  return map;
}

function summaryPorts({record, state}: ContainerView): ContainerSummary['Ports'] {
  if (state.status !== 'running') return [];
  return exposedPorts(record).flatMap(port => {
    const [number, protocol] = port.split('/', 2);
    const own = {PrivatePort: Number(number), Type: protocol ?? 'tcp'};
    const published = state.ports.filter(({containerPort}) => containerPort === port);
    if (published.length === 0) return [own];
    return published.map(({hostIp, hostPort}) => ({
      IP: hostIp,
      PrivatePort: own.PrivatePort,
      PublicPort: hostPort,
      Type: own.Type,
    }));
  });
}

/** So much, and no more, does dockerd quote in the list's Command, and the program itself never. */
function quoted(argument: string): string {
  return argument.includes(' ') ? `'${argument}'` : argument;
}

function timeOrZero(nanoseconds: string): string {
  return nanoseconds === '0' ? zeroTime : goTime(BigInt(nanoseconds));
}

/** The laptop's clock and the node's may differ: never a negative age. */
function age(now: bigint, then: string): string {
  const nanoseconds = now - BigInt(then);
  return humanDuration(nanoseconds > 0n ? Number(nanoseconds / 1_000_000n) : 0);
}

function goSet(names: string[]): Record<string, object> {
  return Object.fromEntries(names.map(name => [name, {}]));
}
