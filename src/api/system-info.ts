import {noFilters} from '../wire/filters.ts';
import type {Engine} from './engine.ts';
import {engineVersion} from './version.ts';

/**
 * `GET /info`. What Docker says of its machine has no counterpart in a namespace: sizes are 0, and features of a kernel are told as clients
 * need them to go on.
 */
export function systemInfo(engine: Engine, now: Date): object {
  const {system} = engine;
  const containers = engine.containers.list({
    all: true,
    limit: undefined,
    filters: noFilters,
    size: false,
  });
  const images = engine.images.list({filters: noFilters});
  const count = (state: string): number => containers.filter(({State}) => State === state).length;
  return {
    ID: system.daemonId,
    Containers: containers.length,
    ContainersRunning: count('running'),
    ContainersPaused: count('paused'),
    ContainersStopped: containers.length - count('running') - count('paused'),
    Images: images.length,
    Driver: 'overlayfs',
    DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'null'],
      Authorization: null,
      Log: ['json-file'],
    },
    ...kernelFeatures,
    Debug: false,
    NFd: 0,
    NGoroutines: 0,
    SystemTime: now.toISOString(),
    LoggingDriver: 'json-file',
    CgroupDriver: 'none',
    CgroupVersion: '2',
    NEventsListener: 0,
    KernelVersion: '',
    OperatingSystem: `Kubernetes ${system.kubernetesVersion() ?? '(not reached yet)'}`,
    OSVersion: '',
    OSType: 'linux',
    Architecture: system.architecture === 'arm64' ? 'aarch64' : 'x86_64',
    IndexServerAddress: '',
    RegistryConfig: {InsecureRegistryCIDRs: [], IndexConfigs: {}, Mirrors: []},
    NCPU: 0,
    MemTotal: 0,
    GenericResources: null,
    DockerRootDir: '',
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: system.contextName,
    Labels: [`dev.badidea.namespace=${system.namespace}`],
    ExperimentalBuild: false,
    ServerVersion: `${engineVersion}+badidea.${system.version}`,
    Runtimes: {pod: {path: ''}},
    DefaultRuntime: 'pod',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: '',
    ContainerdCommit: {ID: ''},
    RuncCommit: {ID: ''},
    InitCommit: {ID: ''},
    SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'],
    FirewallBackend: {Driver: 'kubernetes'},
    CDISpecDirs: [],
    Warnings: null,
  };
}

/** The docker CLI warns of each that is false. */
const kernelFeatures = {
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  IPv4Forwarding: true,
  OomKillDisable: false,
};
