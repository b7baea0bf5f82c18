import {expect, test} from 'vitest';

import {podForContainer, podShape, warmPod} from '../../src/translate/pod-for-container.ts';
import {agentKey, imageNamed, podSettings, recordOf, someId} from './records.ts';

const otherId = 'f'.repeat(64);

function podOf(raw: Record<string, unknown> = {}, id = someId, image = imageNamed('busybox')) {
  return podForContainer(recordOf(raw, {id, image}), podSettings);
}

function mainOf(raw: Record<string, unknown> = {}) {
  return podOf(raw).spec?.containers[0] ?? expect.unreachable();
}

function shape(raw: Record<string, unknown>, id = someId, image = imageNamed('busybox')): string {
  return podShape(podOf(raw, id, image), id);
}

test('a plain container is this Pod', () => {
  expect(podOf()).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'bad-28d40059b483033d1924',
      labels: {
        'app.kubernetes.io/managed-by': 'badidea',
        'badidea.dev/owner': 'tester',
        'badidea.dev/id': '28d40059b483033d1924298ec16ea80b',
      },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 10,
      nodeSelector: {'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64'},
      hostname: '28d40059b483',
      securityContext: {seccompProfile: {type: 'RuntimeDefault'}},
      dnsPolicy: 'ClusterFirst',
      containers: [
        {
          name: 'main',
          image: imageNamed('busybox').pullReference,
          imagePullPolicy: 'IfNotPresent',
          command: ['/.badidea/bin/agent', 'init', '--port', '61061', '--key', agentKey.hash],
          workingDir: '/',
          resources: {requests: {cpu: '10m', memory: '32Mi'}},
          securityContext: {runAsUser: 0, runAsGroup: 0},
          volumeMounts: [
            {name: 'agent', mountPath: '/.badidea/bin', readOnly: true},
            {name: 'run', mountPath: '/.badidea/run'},
          ],
        },
      ],
      volumes: [
        {name: 'agent', configMap: {name: 'bad-agent-amd64', defaultMode: 0o555}},
        {name: 'run', emptyDir: {}},
      ],
    },
  });
});

test.each([
  ['none', {}, {requests: {cpu: '10m', memory: '32Mi'}}],
  [
    'above the request',
    {Memory: 64 * 2 ** 20, NanoCpus: 1.5e9},
    {limits: {memory: '67108864', cpu: '1500m'}, requests: {cpu: '10m', memory: '32Mi'}},
  ],
  [
    'below the request',
    {Memory: 6 * 2 ** 20, NanoCpus: 5e6},
    {limits: {memory: '6291456', cpu: '5m'}, requests: {cpu: '5m', memory: '6291456'}},
  ],
  [
    'as large as the request',
    {Memory: 32 * 2 ** 20, NanoCpus: 1e7},
    {limits: {memory: '33554432', cpu: '10m'}, requests: {cpu: '10m', memory: '32Mi'}},
  ],
  ['next to nothing', {NanoCpus: 1}, {limits: {cpu: '1m'}, requests: {cpu: '1m', memory: '32Mi'}}],
])('limits %s', (_, HostConfig, resources) => {
  expect(mainOf({HostConfig}).resources).toEqual(resources);
});

test.each([
  [{CapAdd: ['NET_RAW']}, undefined],
  [{CapAdd: ['CAP_NET_RAW', 'cap_chown', 'Kill']}, {add: ['CHOWN', 'KILL']}],
  [{CapDrop: ['ALL']}, {drop: ['ALL']}],
  [
    {CapDrop: ['net_raw'], CapAdd: ['CHOWN']},
    {add: ['CHOWN'], drop: ['NET_RAW']},
  ],
])('%j asks for the capabilities %j', (HostConfig, capabilities) => {
  expect(mainOf({HostConfig}).securityContext?.capabilities).toEqual(capabilities);
});

test.each([
  [['no-new-privileges'], false],
  [['no-new-privileges:true'], false],
  [['no-new-privileges=true'], false],
  [['no-new-privileges:false'], undefined],
  [[], undefined],
])('the security options %j make allowPrivilegeEscalation %s', (SecurityOpt, allowed) => {
  expect(mainOf({HostConfig: {SecurityOpt}}).securityContext?.allowPrivilegeEscalation).toBe(allowed);
});

test('a read-only root is one', () => {
  expect(mainOf({HostConfig: {ReadonlyRootfs: true}}).securityContext?.readOnlyRootFilesystem).toBe(true);
});

test('names go into hostAliases and dnsConfig', () => {
  const HostConfig = {
    ExtraHosts: ['db:10.0.0.1', 'six:[fd00::1]', 'six:fd00::2'],
    Dns: ['1.1.1.1'],
    DnsSearch: ['example.org', '.'],
    DnsOptions: ['ndots:2', 'rotate'],
  };

  expect(podOf({HostConfig}).spec).toMatchObject({
    hostAliases: [
      {hostnames: ['db'], ip: '10.0.0.1'},
      {hostnames: ['six'], ip: 'fd00::1'},
      {hostnames: ['six'], ip: 'fd00::2'},
    ],
    dnsPolicy: 'None',
    dnsConfig: {
      nameservers: ['1.1.1.1'],
      searches: ['example.org'],
      options: [{name: 'ndots', value: '2'}, {name: 'rotate'}],
    },
  });
  expect(podOf({HostConfig: {DnsSearch: ['example.org']}}).spec).toMatchObject({
    dnsPolicy: 'ClusterFirst',
    dnsConfig: {searches: ['example.org']},
  });
});

test.each([
  ['web', 'web'],
  ['web.example.org', 'web'],
  ['My_Host', 'my-host'],
  ['-web-', 'web'],
  ['___', 'container'],
  ['x'.repeat(70), 'x'.repeat(63)],
  [`${'x'.repeat(62)}-y`, 'x'.repeat(62)],
  ['ünï', 'n'],
])('the hostname %s is %s to Kubernetes', (Hostname, label) => {
  expect(podOf({Hostname}).spec?.hostname).toBe(label);
});

test('two containers that differ by their ids have one shape', () => {
  expect(shape({}, otherId)).toBe(shape({}));
});

test.each([
  ['Env', {Env: ['A=b']}],
  ['Cmd', {Cmd: ['true']}],
  ['Entrypoint', {Entrypoint: ['cat']}],
  ['User', {User: '1000'}],
  ['WorkingDir', {WorkingDir: '/tmp'}],
  ['Labels', {Labels: {a: 'b'}}],
  ['Tty', {Tty: true, OpenStdin: true}],
  ['a published port', {HostConfig: {PortBindings: {'80/tcp': []}}}],
  ['AutoRemove', {HostConfig: {AutoRemove: true}}],
])('%s travels in a message and does not change the shape', (_, raw) => {
  expect(shape(raw, otherId)).toBe(shape({}));
});

test.each([
  ['Memory', {HostConfig: {Memory: 2 ** 26}}],
  ['NanoCpus', {HostConfig: {NanoCpus: 1e9}}],
  ['CapDrop', {HostConfig: {CapDrop: ['CHOWN']}}],
  ['CapAdd', {HostConfig: {CapAdd: ['CHOWN']}}],
  ['ReadonlyRootfs', {HostConfig: {ReadonlyRootfs: true}}],
  ['no-new-privileges', {HostConfig: {SecurityOpt: ['no-new-privileges']}}],
  ['Hostname', {Hostname: 'web'}],
  ['ExtraHosts', {HostConfig: {ExtraHosts: ['db:10.0.0.1']}}],
  ['Dns', {HostConfig: {Dns: ['1.1.1.1']}}],
])('%s changes the shape', (_, raw) => {
  expect(shape(raw)).not.toBe(shape({}));
});

test("another key of the agent's does not change the shape: a held Pod has its own", () => {
  const other = {...recordOf(), agentKey: undefined};

  expect(podShape(podForContainer(other, podSettings), someId)).toBe(shape({}));
});

test('another image and another architecture change the shape', () => {
  expect(shape({}, someId, imageNamed('alpine'))).not.toBe(shape({}));
  expect(shape({}, someId, {...imageNamed('busybox'), architecture: 'arm64'})).not.toBe(shape({}));
});

test('a hostname that is the short id of another container is not taken for none', () => {
  expect(shape({Hostname: otherId.slice(0, 12)})).not.toBe(shape({}));
});

test('a held Pod is the same Pod with one label more', () => {
  const pod = podOf();

  expect(warmPod(pod)).toEqual({
    ...pod,
    metadata: {...pod.metadata, labels: {...pod.metadata?.labels, 'badidea.dev/warm': 'true'}},
  });
});

test('a container without a key gets an agent without a port', () => {
  const pod = podForContainer({...recordOf(), agentKey: undefined}, podSettings);

  expect(pod.spec?.containers[0]?.command).toEqual(['/.badidea/bin/agent', 'init']);
});
