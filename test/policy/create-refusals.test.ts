import {describe, expect, it} from 'vitest';

import {Forbidden, InvalidRequest} from '../../src/errors.ts';
import {createRefusals, judgeCreateRequest} from '../../src/policy/create-refusals.ts';

function codes(hostConfig: object, settings = {}): string[] {
  return judgeCreateRequest({Image: 'busybox', HostConfig: hostConfig}, settings).violations.map(
    ({code, flag}) => `${code} ${flag}`,
  );
}

function warnings(request: object): string[] {
  const found = judgeCreateRequest(request);
  expect(found.violations).toEqual([]);
  return found.warnings;
}

/** What `docker run busybox` of CLI 28.5.2 sends. */
const plainRun = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: null,
  Image: 'busybox',
  Volumes: {},
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: {},
  HostConfig: {
    Binds: null,
    ContainerIDFile: '',
    LogConfig: {Type: '', Config: {}},
    NetworkMode: 'default',
    PortBindings: {},
    RestartPolicy: {Name: 'no', MaximumRetryCount: 0},
    AutoRemove: false,
    VolumeDriver: '',
    VolumesFrom: null,
    ConsoleSize: [0, 0],
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: '',
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    GroupAdd: null,
    IpcMode: '',
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
    ShmSize: 0,
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
    MemorySwappiness: -1,
    OomKillDisable: false,
    PidsLimit: 0,
    Ulimits: [],
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    MaskedPaths: null,
    ReadonlyPaths: null,
  },
  NetworkingConfig: {
    EndpointsConfig: {
      default: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        MacAddress: '',
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: '',
        EndpointID: '',
        Gateway: '',
        IPAddress: '',
        IPPrefixLen: 0,
        IPv6Gateway: '',
        GlobalIPv6Address: '',
        GlobalIPv6PrefixLen: 0,
        DNSNames: null,
      },
    },
  },
};

describe('a create request', () => {
  it('as docker run sends it without options passes without a word', () => {
    expect(judgeCreateRequest(plainRun)).toEqual({violations: [], warnings: []});
  });

  it('with everything that is honoured passes without a word', () => {
    const request = {
      ...plainRun,
      User: '1000:staff',
      Hostname: 'web',
      Env: ['A=1'],
      ExposedPorts: {'80/tcp': {}},
      StopSignal: 'SIGINT',
      StopTimeout: 3,
      HostConfig: {
        ...plainRun.HostConfig,
        AutoRemove: true,
        Init: true,
        NetworkMode: 'bridge',
        PortBindings: {
          '80/tcp': [{HostIp: '127.0.0.1', HostPort: '8080'}],
          '443/tcp': null,
          '81': [{HostPort: '8000-8010'}],
        },
        Memory: 1e8,
        MemorySwap: 1e8,
        NanoCpus: 5e8,
        GroupAdd: ['audio'],
        ExtraHosts: ['db:10.0.0.1'],
        Dns: ['10.0.0.2'],
        CapAdd: ['CAP_CHOWN', 'net_raw'],
        CapDrop: ['MKNOD'],
        SecurityOpt: ['no-new-privileges', 'no-new-privileges:true', 'seccomp=builtin'],
        ShmSize: 67_108_864,
        Runtime: 'runc',
        LogConfig: {Type: 'json-file', Config: {}},
        IpcMode: 'private',
        ReadonlyRootfs: true,
        ConsoleSize: [24, 80],
      },
    };

    expect(judgeCreateRequest(request)).toEqual({violations: [], warnings: []});
  });

  it('is refused for everything at once, in three lines', () => {
    const request = {Image: 'x', HostConfig: {Privileged: true, PidMode: 'host', Binds: ['/a:/b', '/c:/d']}};

    expect(() => createRefusals(request)).toThrow(Forbidden);
    expect(() => createRefusals(request)).toThrow(
      'badidea refused --privileged (BAD-301), --pid host (BAD-302), --volume /a:/b (BAD-304), --volume /c:/d (BAD-304)\n' +
        '  why: Containers run as unprivileged Pods. Containers run as unprivileged Pods, which do not see ',
    );
  });

  it('with a thousand refusals names ten', () => {
    const binds = Array.from({length: 1000}, (_, n) => `/a${n}:/b`);

    const error = (() => {
      try {
        return createRefusals({HostConfig: {Binds: binds}});
      } catch (caught) {
        return caught;
      }
    })();

    expect(String(error)).toContain('and 990 more\n');
    expect(String(error).split('\n').length).toBe(3);
    expect(String(error).length).toBeLessThan(1000);
  });
});

describe('is refused', () => {
  it.each<[string, object, string[]]>([
    ['privileged', {Privileged: true}, ['BAD-301 --privileged']],
    [
      'each namespace of the node',
      {
        NetworkMode: 'host',
        PidMode: 'host',
        IpcMode: 'host',
        UTSMode: 'host',
        UsernsMode: 'host',
        CgroupnsMode: 'host',
      },
      ['--network', '--pid', '--ipc', '--uts', '--userns', '--cgroupns'].map(flag => `BAD-302 ${flag} host`),
    ],
    [
      'each namespace of another container',
      {NetworkMode: 'container:x', PidMode: 'container:x', IpcMode: 'container:x', Cgroup: 'container:x'},
      ['--network', '--pid', '--ipc', 'Cgroup'].map(flag => `BAD-303 ${flag} container:x`),
    ],
    ["a network of one's own", {NetworkMode: 'backend'}, ['BAD-312 --network backend']],
    [
      'a bind mount',
      {Binds: ['/src:/dst:ro', 'C:\\src:/dst', './x:/y']},
      ['BAD-304 --volume /src:/dst:ro', 'BAD-304 --volume C:\\src:/dst', 'BAD-304 --volume ./x:/y'],
    ],
    ['a named volume', {Binds: ['data:/dst']}, ['BAD-304 --volume data:/dst']],
    [
      'a mount of each type',
      {
        Mounts: ['bind', 'volume', 'tmpfs', 'npipe', 'cluster', 'image', ''].map(Type => ({
          Type,
          Source: 's',
          Target: '/t',
        })),
      },
      ['bind', 'volume', 'tmpfs', 'npipe', 'cluster', 'image', '?'].map(
        type => `BAD-304 --mount type=${type},source=s,target=/t`,
      ),
    ],
    ['tmpfs', {Tmpfs: {'/run': 'size=1m'}}, ['BAD-304 --tmpfs /run']],
    ['volumes of others', {VolumesFrom: ['x']}, ['BAD-304 --volumes-from x']],
    [
      'capabilities beyond baseline',
      {CapAdd: ['CAP_SYS_ADMIN', 'ALL', 'CHOWN', 'nonsense']},
      ['BAD-306 --cap-add SYS_ADMIN', 'BAD-306 --cap-add ALL', 'BAD-306 --cap-add nonsense'],
    ],
    ['NET_RAW where it is dropped', {CapAdd: ['NET_RAW'], CapDrop: ['ALL']}, ['BAD-306 --cap-add NET_RAW']],
    [
      'devices',
      {Devices: [{PathOnHost: '/dev/fuse'}], DeviceRequests: [{Count: -1}], DeviceCgroupRules: ['a *:* rwm']},
      ['BAD-310 --device', 'BAD-310 --gpus', 'BAD-310 --device-cgroup-rule'],
    ],
    [
      'every other security option',
      {
        SecurityOpt: [
          'seccomp=unconfined',
          'apparmor:unconfined',
          'label=disable',
          'systempaths=unconfined',
          'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}',
        ],
      },
      [
        'BAD-311 --security-opt seccomp=unconfined',
        'BAD-311 --security-opt apparmor:unconfined',
        'BAD-311 --security-opt label=disable',
        'BAD-311 --security-opt systempaths=unconfined',
        'BAD-311 --security-opt seccomp',
      ],
    ],
    [
      'unconfined system paths, which come as empty lists',
      {MaskedPaths: [], ReadonlyPaths: []},
      Array(2).fill('BAD-311 --security-opt systempaths=unconfined'),
    ],
    [
      'sysctls',
      {Sysctls: {'net.ipv4.tcp_syncookies': '1', 'kernel.msgmax': '1'}},
      ['BAD-307 --sysctl net.ipv4.tcp_syncookies', 'BAD-307 --sysctl kernel.msgmax'],
    ],
    [
      'other runtimes',
      {Runtime: 'runsc', CgroupParent: '/x'},
      ['BAD-313 --runtime runsc', 'BAD-313 --cgroup-parent'],
    ],
    [
      'ports that are not TCP',
      {PortBindings: {'53/udp': [{}], '1/sctp': null}},
      ['BAD-308 --publish 53/udp', 'BAD-308 --publish 1/sctp'],
    ],
    [
      'a way to the laptop',
      {ExtraHosts: ['host.docker.internal:host-gateway']},
      ['BAD-312 --add-host host.docker.internal:host-gateway'],
    ],
    ['links', {Links: ['db:db']}, ['BAD-312 --link']],
  ])('%s', (_, hostConfig, expected) => {
    expect(codes(hostConfig).toSorted()).toEqual(expected.toSorted());
  });

  it.each([
    {Binds: ['/var/run/docker.sock:/var/run/docker.sock']},
    {Binds: ['/run//docker.sock:/x']},
    {Mounts: [{Type: 'bind', Source: '/var/run/docker.sock', Target: '/var/run/docker.sock'}]},
    {Mounts: [{type: 'bind', source: '/home/ada/.docker/desktop/docker.sock', target: '/x'}]},
    {mounts: [{TYPE: 'bind', SOURCE: '/var/run/./docker.sock/', TARGET: '/x'}]},
  ])('the Docker socket, whichever field has it: %j', hostConfig => {
    expect(codes(hostConfig)).toEqual([expect.stringMatching(/^BAD-305 /)]);
  });

  it('an address that is not the loopback, unless the setting allows it', () => {
    const bindings = {
      PortBindings: {'80/tcp': [{HostIp: '0.0.0.0', HostPort: '80'}], '81/tcp': [{HostIp: '::1'}]},
    };

    expect(codes(bindings, {allowNonLoopback: false})).toEqual(['BAD-308 --publish 0.0.0.0:…:80/tcp']);
    expect(codes(bindings, {allowNonLoopback: true})).toEqual([]);
    expect(codes(bindings)).toEqual([]);
  });

  it('a network that is only in NetworkingConfig', () => {
    const found = judgeCreateRequest({NetworkingConfig: {EndpointsConfig: {backend: {Aliases: ['db']}}}});

    expect(found.violations.map(({flag}) => flag)).toEqual(['--network backend']);
  });

  it('a field in another spelling, and not a field in two', () => {
    expect(judgeCreateRequest({hostconfig: {PRIVILEGED: true}}).violations.map(({code}) => code)).toEqual([
      'BAD-301',
    ]);
    expect(() => createRefusals({HostConfig: {Privileged: false, privileged: true}})).toThrow(InvalidRequest);
    expect(() => createRefusals({HostConfig: {}, hostConfig: {Privileged: true}})).toThrow(InvalidRequest);
  });

  it('never with what would act on a terminal', () => {
    const [found] = judgeCreateRequest({
      HostConfig: {Binds: [`/a\u001b[2J\n\u202e${'x'.repeat(500)}:/b`]},
    }).violations;

    expect(found?.flag).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(found?.flag.length).toBeLessThan(120);
  });
});

describe('is warned of', () => {
  it.each<[string, object, string]>([
    ['a restart policy', {HostConfig: {RestartPolicy: {Name: 'always'}}}, '--restart always has no effect'],
    ['no network', {HostConfig: {NetworkMode: 'none'}}, '--network none has no effect'],
    ['no network, the old way', {NetworkDisabled: true}, 'NetworkDisabled has no effect'],
    ['a health check', {Healthcheck: {Test: ['CMD', 'true']}}, '--health-cmd has no effect'],
    ['an anonymous volume', {Volumes: {'/data': {}}}, '--volume has no effect'],
    ['an anonymous volume in Binds', {HostConfig: {Binds: ['/data']}}, '--volume /data has no effect'],
    [
      'an anonymous volume in Mounts',
      {HostConfig: {Mounts: [{Type: 'volume', Target: '/data'}]}},
      '--mount type=volume,target=/data has no effect',
    ],
    ['another log driver', {HostConfig: {LogConfig: {Type: 'syslog'}}}, '--log-driver syslog has no effect'],
    [
      'log options',
      {HostConfig: {LogConfig: {Type: 'json-file', Config: {'max-size': '1m'}}}},
      '--log-opt has no effect',
    ],
    ['shared memory', {HostConfig: {ShmSize: 1e9}}, '--shm-size has no effect'],
    ['swap', {HostConfig: {Memory: 1e8, MemorySwap: 2e8}}, '--memory-swap has no effect'],
    ['swappiness', {HostConfig: {MemorySwappiness: 0.5}}, '--memory-swappiness has no effect'],
    ['pids', {HostConfig: {PidsLimit: 100}}, '--pids-limit has no effect'],
    ['ulimits', {HostConfig: {Ulimits: [{Name: 'nofile', Soft: 1, Hard: 1}]}}, '--ulimit has no effect'],
    ['more masked paths', {HostConfig: {MaskedPaths: ['/proc/kcore', '/mine']}}, '/mine will not be hidden'],
    [
      'a fixed address',
      {NetworkingConfig: {EndpointsConfig: {bridge: {IPAMConfig: {IPv4Address: '10.0.0.9'}}}}},
      '--ip has no effect',
    ],
    [
      'a field of HostConfig that nobody knows',
      {HostConfig: {Quantum: true}},
      'HostConfig.Quantum has no effect',
    ],
  ])('%s', (_, request, text) => {
    expect(warnings(request)).toEqual([expect.stringContaining(text)]);
  });

  it('nothing that is unknown outside of HostConfig, or unknown and empty', () => {
    expect(warnings({Quantum: true, HostConfig: {Quantum: 0, Flux: null, Tags: []}})).toEqual([]);
    expect(warnings({Healthcheck: {Test: ['NONE']}})).toEqual([]);
  });
});
