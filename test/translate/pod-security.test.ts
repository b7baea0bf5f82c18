import {expect, test} from 'vitest';

import {Forbidden} from '../../src/errors.ts';
import {createRefusals} from '../../src/policy/create-refusals.ts';
import {podForContainer} from '../../src/translate/pod-for-container.ts';
import {plainRun} from '../policy/plain-run.ts';
import {podSettings, recordOf} from './records.ts';

/** Kubernetes' list for Pod Security baseline (pod-security-standards, "Capabilities"). */
const baseline = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);
const secret = 'hunter2';

/** Mulberry32: the same requests in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What may stand in a field of a request: what is fine, what is odd, and what asks for more than a Pod may have. */
const choices: Record<string, unknown[]> = {
  Env: [[`PASSWORD=${secret}`], [secret], null],
  Cmd: [['sh', '-c', `echo ${secret}`], []],
  Entrypoint: [[`/${secret}`], ['']],
  User: ['root', '0', '1000:1000', secret],
  WorkingDir: ['/', '../..', `/${secret}`],
  Hostname: ['web', 'My_Host', 'a.b', '-'],
  Labels: [{'badidea.dev/owner': 'other', [secret]: secret}],
  Tty: [true],
  ExposedPorts: [{'80/tcp': {}}],
};
const hostChoices: Record<string, unknown[]> = {
  Privileged: [false, true],
  CapAdd: [
    ['NET_RAW'],
    ['CHOWN', 'cap_kill'],
    ['SYS_ADMIN'],
    ['ALL'],
    ['net_raw', 'CAP_NET_BIND_SERVICE'],
    [],
  ],
  CapDrop: [['ALL'], ['net_raw', 'MKNOD'], []],
  NetworkMode: ['default', 'bridge', 'host', 'none', 'container:x'],
  PidMode: ['', 'host'],
  IpcMode: ['', 'host', 'private', 'shareable'],
  UTSMode: ['', 'host'],
  UsernsMode: ['', 'host'],
  Binds: [null, ['/:/host'], ['/var/run/docker.sock:/var/run/docker.sock'], ['vol:/data']],
  Mounts: [[], [{Type: 'bind', Source: '/', Target: '/host'}], [{Type: 'tmpfs', Target: '/tmp'}]],
  Devices: [[], [{PathOnHost: '/dev/kvm', PathInContainer: '/dev/kvm', CgroupPermissions: 'rwm'}]],
  SecurityOpt: [
    [],
    ['no-new-privileges'],
    ['seccomp=unconfined'],
    ['apparmor=unconfined'],
    ['label=disable'],
  ],
  Sysctls: [{}, {'net.ipv4.ip_forward': '1'}],
  PortBindings: [{'80/tcp': [{HostPort: '80'}]}, {'80/tcp': null}],
  PublishAllPorts: [true],
  Memory: [0, 1, 2 ** 22, 2 ** 26, 2 ** 40],
  NanoCpus: [0, 1, 1e6, 1e9, 64e9],
  ReadonlyRootfs: [true],
  Dns: [['1.1.1.1']],
  ExtraHosts: [['db:10.0.0.1']],
  Runtime: ['', 'runc'],
  CgroupParent: ['', '/x'],
  Tmpfs: [{}, {'/tmp': ''}],
  VolumesFrom: [null, ['x']],
};

function chosen(random: () => number, from: Record<string, unknown[]>): object {
  const fields = Object.entries(from).filter(() => random() < 0.2);
  return Object.fromEntries(
    fields.map(([name, values]) => [name, values[Math.floor(random() * values.length)]]),
  );
}

function acceptedRequests(count: number): Record<string, unknown>[] {
  const random = generator(20_261_122);
  const accepted: Record<string, unknown>[] = [];
  for (let tries = 0; accepted.length < count && tries < count * 50; tries++) {
    const raw = {
      ...plainRun,
      ...chosen(random, choices),
      HostConfig: {...plainRun.HostConfig, ...chosen(random, hostChoices)},
    };
    try {
      createRefusals(raw);
      accepted.push(raw);
    } catch (error) {
      if (!(error instanceof Forbidden)) throw error;
    }
  }
  return accepted;
}

const requests = acceptedRequests(2000);
const pods = requests.map(raw => podForContainer(recordOf(raw), podSettings));
const containers = pods.flatMap(({spec}) => spec?.containers ?? []);

test('2,000 random requests that policy accepts make a Pod with one container each', () => {
  expect(requests).toHaveLength(2000);
  expect(containers).toHaveLength(2000);
});

test('no Pod has anything of the host', () => {
  for (const {spec} of pods) {
    expect(
      Object.keys(spec ?? {}).filter(name =>
        /^host(Network|PID|IPC|Users)$|^shareProcessNamespace$/.test(name),
      ),
    ).toEqual([]);
    expect(spec?.volumes?.map(({name, ...source}) => [name, Object.keys(source)])).toEqual([
      ['agent', ['configMap']],
      ['run', ['emptyDir']],
    ]);
  }
  expect(containers.filter(({ports}) => ports !== undefined)).toEqual([]);
});

test('every Pod passes Pod Security baseline', () => {
  for (const {spec} of pods) {
    expect(spec?.securityContext).toEqual({seccompProfile: {type: 'RuntimeDefault'}});
    expect([spec?.initContainers, spec?.ephemeralContainers]).toEqual([undefined, undefined]);
  }
  for (const {securityContext} of containers) {
    const {capabilities, ...rest} = securityContext ?? {};
    expect(capabilities?.add?.filter(name => !baseline.has(name)) ?? []).toEqual([]);
    expect(
      Object.keys(rest).filter(
        name =>
          !['runAsUser', 'runAsGroup', 'readOnlyRootFilesystem', 'allowPrivilegeEscalation'].includes(name),
      ),
    ).toEqual([]);
    expect(rest.allowPrivilegeEscalation ?? false).toBe(false);
  }
});

test('every container asks for something, and for no more than its limit', () => {
  const number = (quantity: string | undefined): number => {
    const [, count, unit = ''] =
      /^(\d+)(m|Mi)?$/.exec(quantity ?? '') ?? expect.unreachable(`${quantity} is no quantity`);
    return Number(count) * ({m: 1e-3, Mi: 2 ** 20}[unit] ?? 1);
  };
  for (const {resources} of containers) {
    const {limits, requests: asked} = resources ?? {};
    expect(number(asked?.['cpu'])).toBeGreaterThan(0);
    expect(number(asked?.['memory'])).toBeGreaterThan(0);
    if (limits?.['cpu'] !== undefined)
      expect(number(asked?.['cpu'])).toBeLessThanOrEqual(number(limits['cpu']));
    if (limits?.['memory'] !== undefined)
      expect(number(asked?.['memory'])).toBeLessThanOrEqual(number(limits['memory']));
  }
});

test('nothing of environment, command, user or labels is in a Pod', () => {
  expect(JSON.stringify(pods)).not.toContain(secret);
  for (const container of containers)
    expect([container.env, container.envFrom, container.args]).toEqual([undefined, undefined, undefined]);
});

test("of the agent's key a Pod has the hash alone", () => {
  const {agentKey} = recordOf();

  expect(JSON.stringify(pods)).toContain(agentKey?.hash);
  expect(JSON.stringify(pods)).not.toContain(agentKey?.secret);
});

test('labels of Docker do not become labels of the Pod', () => {
  expect(new Set(pods.map(({metadata}) => metadata?.labels?.['badidea.dev/owner']))).toEqual(
    new Set(['tester']),
  );
});
