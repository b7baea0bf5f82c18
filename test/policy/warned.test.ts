import {describe, expect, it} from 'vitest';

import {judgeCreateRequest} from '../../src/policy/create-refusals.ts';

function warnings(request: object): string[] {
  const found = judgeCreateRequest(request);
  expect(found.violations).toEqual([]);
  return found.warnings;
}

describe('is warned of', () => {
  it.each<[string, object, string]>([
    ['a restart policy', {HostConfig: {RestartPolicy: {Name: 'always'}}}, '--restart always has no effect'],
    ['no network', {HostConfig: {NetworkMode: 'none'}}, '--network none has no effect'],
    ['no network, the old way', {NetworkDisabled: true}, 'NetworkDisabled has no effect'],
    ['a health check', {Healthcheck: {Test: ['CMD', 'true']}}, '--health-cmd has no effect'],
    ['a domain name', {Domainname: 'example.org'}, '--domainname has no effect'],
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
