import {describe, expect, it} from 'vitest';

import {InvalidRequest} from '../../src/errors.ts';
import {createRefusals, judgeCreateRequest} from '../../src/policy/create-refusals.ts';

function codes(hostConfig: object, settings = {}): string[] {
  return judgeCreateRequest({Image: 'busybox', HostConfig: hostConfig}, settings).violations.map(
    ({code, flag}) => `${code} ${flag}`,
  );
}

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
    {Binds: ['/home/ada/badidea.sock:/var/run/docker.sock:ro']},
    {Mounts: [{Type: 'bind', Source: '/home/ada/badidea.sock', Target: '/var/run/docker.sock'}]},
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
