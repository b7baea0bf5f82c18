import {capAdd, capDrop} from './capabilities.ts';
import {
  type FieldRules,
  type Findings,
  depends,
  elementsOf,
  entriesOf,
  harmless,
  honoured,
  ignored,
  isZero,
  nothing,
  refused,
  shown,
  together,
  violation,
  warning,
} from './decision.ts';
import {mountField, volumeDriver} from './mounts.ts';
import {ipcMode, namespaceField, networkMode} from './namespaces.ts';
import {portBindings} from './ports.ts';
import {resourceFields} from './resource-fields.ts';
import {maskedPaths, readonlyPaths, runtime, securityOpt, sysctls} from './security.ts';

const dockerShmSize = 64 * 2 ** 20;

export const hostConfigFields: FieldRules = {
  ...resourceFields,
  Binds: mountField('Binds', '--volume', 'is refused (BAD-304), the Docker socket as well (BAD-305)'),
  ContainerIDFile: harmless('--cidfile', 'the client writes it'),
  LogConfig: depends(
    '--log-driver',
    '`json-file`, without its options; other drivers have no effect',
    value => judgeLogConfig(value),
  ),
  NetworkMode: networkMode,
  PortBindings: portBindings,
  RestartPolicy: depends('--restart', '`no`; others have no effect yet', value => judgeRestartPolicy(value)),
  AutoRemove: honoured('--rm'),
  VolumeDriver: volumeDriver,
  VolumesFrom: mountField('VolumesFrom', '--volumes-from', 'is refused (BAD-304)'),
  Mounts: mountField('Mounts', '--mount', 'is refused (BAD-304), the Docker socket as well (BAD-305)'),
  ConsoleSize: honoured('', "the terminal's first size"),
  Annotations: ignored('--annotation', 'no runtime gets to see it'),
  CapAdd: capAdd,
  CapDrop: capDrop,
  CgroupnsMode: namespaceField('--cgroupns', {own: ['', 'private']}),
  Dns: honoured('--dns'),
  DnsOptions: honoured('--dns-option'),
  DnsSearch: honoured('--dns-search'),
  ExtraHosts: depends('--add-host', 'IP addresses; `host-gateway` is refused (BAD-312)', value =>
    together(elementsOf(value).map(judgeExtraHost)),
  ),
  GroupAdd: honoured('--group-add'),
  IpcMode: ipcMode,
  Cgroup: namespaceField('Cgroup', {own: ['']}),
  Links: refused('--link', {
    code: 'BAD-312',
    sentence: 'Networks of your own, and names on them, are not there yet.',
    fix: 'Leave it out; containers reach each other by IP address, and this machine reaches them by published ports.',
  }),
  OomScoreAdj: ignored('--oom-score-adj', 'Kubernetes sets it by what a Pod asks for'),
  PidMode: namespaceField('--pid', {own: ['', 'private']}),
  Privileged: refused('--privileged', {
    code: 'BAD-301',
    sentence: 'Containers run as unprivileged Pods.',
    fix: 'Leave it out; name a capability with --cap-add if one is needed.',
  }),
  PublishAllPorts: honoured('--publish-all', 'TCP, on free ports of the loopback'),
  ReadonlyRootfs: honoured('--read-only'),
  SecurityOpt: securityOpt,
  StorageOpt: ignored('--storage-opt', "the size of a container's layer is a setting of the node"),
  Tmpfs: mountField('Tmpfs', '--tmpfs', 'is refused (BAD-304)'),
  UTSMode: namespaceField('--uts', {own: ['', 'private']}),
  UsernsMode: namespaceField('--userns', {own: ['', 'private']}),
  ShmSize: ignored(
    '--shm-size',
    'a Pod has 64 MiB of /dev/shm',
    value => isZero(value) || value === dockerShmSize,
  ),
  Sysctls: sysctls,
  Runtime: runtime,
  Isolation: ignored('--isolation', 'is for Windows', value => isZero(value) || value === 'default'),
  MaskedPaths: maskedPaths,
  ReadonlyPaths: readonlyPaths,
  Init: honoured('--init', 'the agent is process 1 and reaps, asked or not'),
};

function judgeLogConfig(value: unknown): Findings {
  const fields = new Map(entriesOf(value));
  const type = fields.get('Type');
  const driver =
    isZero(type) || type === 'json-file'
      ? nothing
      : warning(
          `--log-driver ${shown(type)} has no effect: logs are kept as with json-file, for docker logs and kubectl logs`,
        );
  const options = isZero(fields.get('Config'))
    ? nothing
    : warning('--log-opt has no effect: the agent keeps the last part of the logs');
  return together([driver, options]);
}

function judgeRestartPolicy(value: unknown): Findings {
  const name = new Map(entriesOf(value)).get('Name');
  return isZero(name) || name === 'no'
    ? nothing
    : warning(`--restart ${shown(name)} has no effect: containers are not restarted yet`);
}

function judgeExtraHost(entry: unknown): Findings {
  return typeof entry === 'string' && /[:=]host-gateway$/.test(entry)
    ? violation({
        code: 'BAD-312',
        flag: `--add-host ${shown(entry)}`,
        sentence: 'A way from containers to this machine is not built yet.',
        fix: 'Leave it out, or give an IP address that the cluster reaches.',
      })
    : nothing;
}
