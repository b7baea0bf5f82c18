import type {FieldNames} from './json-keys.ts';

/**
 * The names of all fields of `POST /containers/create` in API 1.51, as Docker spells them. Policy reads the whole body: with these a field is
 * the same field whatever its case. Below `*` are the elements of lists and the values of maps.
 */
export const createFieldNames: FieldNames = {
  ...fields(
    'Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd ArgsEscaped Image Volumes ' +
      'WorkingDir Entrypoint NetworkDisabled MacAddress OnBuild Labels StopSignal StopTimeout Shell',
  ),
  Healthcheck: fields('Test Interval Timeout StartPeriod StartInterval Retries'),
  HostConfig: {
    ...fields(
      'Binds ContainerIDFile NetworkMode AutoRemove VolumeDriver VolumesFrom ConsoleSize Annotations CapAdd CapDrop CgroupnsMode Dns ' +
        'DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs ' +
        'SecurityOpt StorageOpt Tmpfs UTSMode UsernsMode ShmSize Sysctls Runtime Isolation MaskedPaths ReadonlyPaths Init',
    ),
    // resources
    ...fields(
      'CpuShares Memory NanoCpus CgroupParent BlkioWeight CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems ' +
        'DeviceCgroupRules KernelMemory KernelMemoryTCP MemoryReservation MemorySwap MemorySwappiness OomKillDisable PidsLimit CpuCount ' +
        'CpuPercent IOMaximumIOps IOMaximumBandwidth',
    ),
    LogConfig: fields('Type Config'),
    PortBindings: {'*': {'*': fields('HostIp HostPort')}},
    RestartPolicy: fields('Name MaximumRetryCount'),
    Devices: {'*': fields('PathOnHost PathInContainer CgroupPermissions')},
    DeviceRequests: {'*': fields('Driver Count DeviceIDs Capabilities Options')},
    Ulimits: {'*': fields('Name Soft Hard')},
    BlkioWeightDevice: {'*': fields('Path Weight')},
    BlkioDeviceReadBps: {'*': fields('Path Rate')},
    BlkioDeviceWriteBps: {'*': fields('Path Rate')},
    BlkioDeviceReadIOps: {'*': fields('Path Rate')},
    BlkioDeviceWriteIOps: {'*': fields('Path Rate')},
    Mounts: {
      '*': {
        ...fields('Type Source Target ReadOnly Consistency ClusterOptions'),
        BindOptions: fields(
          'Propagation NonRecursive CreateMountpoint ReadOnlyNonRecursive ReadOnlyForceRecursive',
        ),
        VolumeOptions: {...fields('NoCopy Labels Subpath'), DriverConfig: fields('Name Options')},
        ImageOptions: fields('Subpath'),
        TmpfsOptions: fields('SizeBytes Mode Options'),
      },
    },
  },
  NetworkingConfig: {
    EndpointsConfig: {
      '*': {
        ...fields(
          'Links Aliases MacAddress DriverOpts GwPriority NetworkID EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway GlobalIPv6Address ' +
            'GlobalIPv6PrefixLen DNSNames',
        ),
        IPAMConfig: fields('IPv4Address IPv6Address LinkLocalIPs'),
      },
    },
  },
};

function fields(names: string): FieldNames {
  return Object.fromEntries(names.split(' ').map(name => [name, {}]));
}
