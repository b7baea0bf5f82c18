import {readFile} from 'node:fs/promises';

import {expect, test} from 'vitest';

import {containerInspect, containerSummary} from '../../src/translate/container-answers.ts';
import {plainRun} from '../policy/plain-run.ts';
import {runningState, startedAt, view, web} from './records.ts';

type Json = Record<string, unknown>;

/** What dockerd 28.5.2 said of `run -d --name web -p 8080:80 -e A=b -l x=y busybox httpd -f -p 80`, and of a `create` with a failed start; paths masked. */
const recorded = JSON.parse(await readFile(new URL('dockerd-28.5.2.json', import.meta.url), 'utf8')) as {
  running: Json;
  failed: Json;
  listed: Json;
};

/** The places where two answers differ, as `NetworkSettings.Gateway`. */
function differences(ours: unknown, theirs: unknown, place = ''): string[] {
  if (!isObject(ours) || !isObject(theirs))
    return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [place];
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...names].flatMap(name =>
    differences(ours[name], theirs[name], place === '' ? name : `${place}.${name}`),
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is another thing here than on dockerd's machine. */
const elsewhere = [
  'ResolvConfPath',
  'HostnamePath',
  'HostsPath',
  'LogPath',
  'Driver',
  // dockerd's machine had cgroup v1, and paths that containerd does not mask.
  'HostConfig.CgroupnsMode',
  'HostConfig.MaskedPaths',
  'GraphDriver.Data',
  'GraphDriver.Name',
];

/** The Pod network: no gateway, no subnet, and MAC addresses nobody knows. Ids are made otherwise. */
const network = [
  'NetworkSettings.SandboxID',
  'NetworkSettings.SandboxKey',
  'NetworkSettings.Ports.80/tcp',
  'NetworkSettings.EndpointID',
  'NetworkSettings.Gateway',
  'NetworkSettings.IPPrefixLen',
  'NetworkSettings.MacAddress',
  ...['MacAddress', 'NetworkID', 'EndpointID', 'Gateway', 'IPPrefixLen'].map(
    name => `NetworkSettings.Networks.bridge.${name}`,
  ),
];

test('the inspect of a running container is that of dockerd, but for what is elsewhere', () => {
  expect(differences(containerInspect(view(web, runningState)), recorded.running)).toEqual([
    ...elsewhere,
    ...network,
  ]);
});

test('the inspect of a container that did not start is that of dockerd, but for what is elsewhere', () => {
  const {State} = recorded.failed as {State: {Error: string}};
  const {AttachStdout, AttachStderr} = plainRun;
  const failed = view(
    {...plainRun, AttachStdout, AttachStderr, Cmd: ['nocmd']},
    {exitCode: 127, error: State.Error},
  );
  const {record} = failed;

  const ours = containerInspect({
    ...failed,
    record: {...record, id: String(recorded.failed['Id']), name: 'cre', created: '1795381046963888407'},
  });

  expect(differences(ours, recorded.failed)).toEqual(elsewhere);
});

test.each(['running', 'failed'] as const)('the fields of %s come in the order of dockerd', state => {
  const ours: Json = containerInspect(
    state === 'running' ? view(web, runningState) : view({...plainRun, Cmd: ['nocmd']}),
  );
  for (const part of [undefined, 'State', 'Config', 'HostConfig', 'NetworkSettings']) {
    const [mine, theirs] = [ours, recorded[state]].map(answer =>
      part === undefined ? answer : answer[part],
    );
    expect(Object.keys(mine as Json)).toEqual(Object.keys(theirs as Json));
  }
});

test('a row of the list is that of dockerd, but for its network', () => {
  const ours = containerSummary(view(web, runningState), startedAt + 500_000_000n);

  expect(differences(ours, recorded.listed)).toEqual([
    'Ports',
    ...['MacAddress', 'NetworkID', 'EndpointID', 'Gateway', 'IPPrefixLen'].map(
      name => `NetworkSettings.Networks.bridge.${name}`,
    ),
  ]);
  expect(Object.keys(ours)).toEqual(Object.keys(recorded.listed));
  expect(ours.Ports).toEqual([
    {IP: '127.0.0.1', PrivatePort: 80, PublicPort: 8080, Type: 'tcp'},
    {IP: '::1', PrivatePort: 80, PublicPort: 8080, Type: 'tcp'},
  ]);
});
