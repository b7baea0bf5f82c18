import {expect, it} from 'vitest';

import {createFields} from '../../src/policy/create-fields.ts';
import {policyCodes} from '../../src/policy/decision.ts';

// The fields of moby's api/types v1.52 (container.Config, container.HostConfig with Resources, network.EndpointSettings), and those that 1.51 still has
// beside them: MacAddress, KernelMemory, KernelMemoryTCP.
const configNames =
  'Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd Healthcheck ArgsEscaped Image Volumes ' +
  'WorkingDir Entrypoint NetworkDisabled MacAddress OnBuild Labels StopSignal StopTimeout Shell';
const hostConfigNames =
  'Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom ConsoleSize Annotations CapAdd CapDrop ' +
  'CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs ' +
  'SecurityOpt StorageOpt Tmpfs UTSMode UsernsMode ShmSize Sysctls Runtime Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight ' +
  'BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod ' +
  'CpuRealtimeRuntime CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests KernelMemory KernelMemoryTCP MemoryReservation MemorySwap ' +
  'MemorySwappiness OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth Mounts MaskedPaths ReadonlyPaths Init';
const endpointNames =
  'IPAMConfig Links Aliases DriverOpts GwPriority NetworkID EndpointID Gateway IPAddress MacAddress IPPrefixLen IPv6Gateway GlobalIPv6Address ' +
  'GlobalIPv6PrefixLen DNSNames';

it.each(Object.entries({config: configNames, hostConfig: hostConfigNames, endpoint: endpointNames}))(
  'every field of moby in %s has a decision, and no other',
  (kind, fields) => {
    const decided = Object.entries(createFields).find(([name]) => name === kind)?.[1] ?? {};

    expect(Object.keys(decided).toSorted()).toEqual(fields.split(' ').toSorted());
  },
);

it('what is not simply honoured has a note for the reader, and the codes in it exist', () => {
  for (const rule of Object.values(createFields).flatMap(fields => Object.values(fields))) {
    expect(rule.note !== '' || rule.support === 'honoured').toBe(true);
    for (const [code] of rule.note.matchAll(/BAD-\d+/g)) {
      expect(Object.keys(policyCodes)).toContain(code);
    }
  }
});
