import {
  type FieldRules,
  depends,
  harmless,
  honoured,
  ignored,
  isZero,
  nothing,
  refused,
  warning,
} from './decision.ts';

const notInPods = 'Kubernetes has no such setting for a Pod';
const devices = {
  code: 'BAD-310',
  sentence: 'Unprivileged Pods have no access to devices of their node, and the node is not this machine.',
  fix: 'Leave it out.',
} as const;

const unlimited = (value: unknown): boolean => isZero(value) || value === -1;

/** Resources, which stand within HostConfig. */
export const resourceFields: FieldRules = {
  CpuShares: ignored('--cpu-shares', 'give --cpus'),
  Memory: honoured('--memory', "the Pod's limit"),
  NanoCpus: honoured('--cpus', "the Pod's limit, in thousandths"),
  CgroupParent: refused('--cgroup-parent', {
    code: 'BAD-313',
    sentence: "The cgroups of a Pod are its node's business.",
    fix: 'Leave it out.',
  }),
  BlkioWeight: ignored('--blkio-weight', notInPods),
  BlkioWeightDevice: ignored('--blkio-weight-device', notInPods),
  BlkioDeviceReadBps: ignored('--device-read-bps', notInPods),
  BlkioDeviceWriteBps: ignored('--device-write-bps', notInPods),
  BlkioDeviceReadIOps: ignored('--device-read-iops', notInPods),
  BlkioDeviceWriteIOps: ignored('--device-write-iops', notInPods),
  CpuPeriod: ignored('--cpu-period', 'give --cpus'),
  CpuQuota: ignored('--cpu-quota', 'give --cpus'),
  CpuRealtimePeriod: ignored('--cpu-rt-period', notInPods),
  CpuRealtimeRuntime: ignored('--cpu-rt-runtime', notInPods),
  CpusetCpus: ignored('--cpuset-cpus', notInPods),
  CpusetMems: ignored('--cpuset-mems', notInPods),
  Devices: refused('--device', devices),
  DeviceCgroupRules: refused('--device-cgroup-rule', devices),
  DeviceRequests: refused('--gpus', {...devices, sentence: 'Asking the cluster for GPUs is not built yet.'}),
  KernelMemory: ignored('--kernel-memory', 'Linux dropped it'),
  KernelMemoryTCP: ignored('KernelMemoryTCP', notInPods),
  MemoryReservation: ignored('--memory-reservation', 'what a Pod asks for at least is a setting of badidea'),
  MemorySwap: depends(
    '--memory-swap',
    'no swap (equal to --memory) and unlimited (-1) are taken as they come, sizes have no effect',
    (value, {Memory}) =>
      unlimited(value) || value === Memory
        ? nothing
        : warning('--memory-swap has no effect: whether Pods swap is up to their node'),
  ),
  MemorySwappiness: ignored('--memory-swappiness', notInPods, unlimited),
  OomKillDisable: ignored('--oom-kill-disable', notInPods),
  PidsLimit: ignored('--pids-limit', 'it is a setting of the node', unlimited),
  Ulimits: ignored('--ulimit', "the container has its runtime's limits"),
  CpuCount: harmless('--cpu-count', 'is for Windows'),
  CpuPercent: harmless('--cpu-percent', 'is for Windows'),
  IOMaximumIOps: harmless('--io-maxiops', 'is for Windows'),
  IOMaximumBandwidth: harmless('--io-maxbandwidth', 'is for Windows'),
};
