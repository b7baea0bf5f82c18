import type {ContainerRecord} from './container-record.ts';

export interface HostConfigAnswer {
  AutoRemove: boolean;
  NetworkMode: string;
  [field: string]: unknown;
}

/** HostConfig as `docker inspect` echoes it: what the client sent over the defaults that dockerd 28.5.2 fills in. */
export function hostConfigAnswer({hostConfig, request}: ContainerRecord): HostConfigAnswer {
  const sent = Object.entries(hostConfig).filter(([, value]) => value !== undefined && value !== null);
  const {AutoRemove, LogConfig, NetworkMode, RestartPolicy, ShmSize} = request.HostConfig;
  return {
    ...defaults,
    ...Object.fromEntries(sent),
    AutoRemove,
    LogConfig,
    NetworkMode,
    RestartPolicy,
    ShmSize: ShmSize || defaults.ShmSize,
    IpcMode: defaults.IpcMode,
    CgroupnsMode: defaults.CgroupnsMode,
    // The CLI sends -1 and 0 for "not set"; dockerd shows null.
    MemorySwappiness: hostConfig['MemorySwappiness'] === -1 ? null : (hostConfig['MemorySwappiness'] ?? null),
    PidsLimit: hostConfig['PidsLimit'] || null,
  };
}

/** dockerd's, in its order; the masked and read-only paths are what the kubelet asks of its runtime. */
const defaults = {
  Binds: null,
  ContainerIDFile: '',
  LogConfig: {Type: 'json-file', Config: {}},
  NetworkMode: 'bridge',
  PortBindings: {},
  RestartPolicy: {Name: 'no', MaximumRetryCount: 0},
  AutoRemove: false,
  VolumeDriver: '',
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: 'private',
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: 'private',
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: '',
  UsernsMode: '',
  ShmSize: 67_108_864,
  Runtime: 'runc',
  Isolation: '',
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: '',
  BlkioWeight: 0,
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: [],
  BlkioDeviceWriteBps: [],
  BlkioDeviceReadIOps: [],
  BlkioDeviceWriteIOps: [],
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: '',
  CpusetMems: '',
  Devices: [],
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: false,
  PidsLimit: null,
  Ulimits: [],
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
  MaskedPaths: [
    '/proc/asound',
    '/proc/acpi',
    '/proc/kcore',
    '/proc/keys',
    '/proc/latency_stats',
    '/proc/timer_list',
    '/proc/timer_stats',
    '/proc/sched_debug',
    '/proc/scsi',
    '/sys/firmware',
  ],
  ReadonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
};
