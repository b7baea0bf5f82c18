import {describe, expect, it} from 'vitest';

import {Forbidden} from '../../src/errors.ts';
import {createRefusals, judgeCreateRequest} from '../../src/policy/create-refusals.ts';
import {plainRun} from './plain-run.ts';

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
