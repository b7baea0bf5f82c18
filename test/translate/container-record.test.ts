import type {V1Secret} from '@kubernetes/client-node';
import {expect, test} from 'vitest';

import {containerInspect, containerSummary} from '../../src/translate/container-answers.ts';
import {
  type ContainerState,
  containerFromSecret,
  createdState,
  secretForContainer,
  statePatch,
} from '../../src/translate/container-record.ts';
import {plainRun} from '../policy/plain-run.ts';
import {recordOf, web} from './records.ts';

const exited: ContainerState = {
  status: 'exited',
  startedAt: '1795381046484327192',
  finishedAt: '1795381047484327192',
  exitCode: 137,
  oomKilled: true,
  error: 'OOMKilled',
  ports: [{containerPort: '80/tcp', hostIp: '::1', hostPort: 8080}],
};

const secret = secretForContainer(recordOf(), exited, 'tester');

function encoded(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
}

/** The same Secret with a part of its data exchanged. */
function spoilt(data: Record<string, unknown>) {
  const texts = Object.entries(data).map(([key, value]) => [key, encoded(value)] as const);
  return {...secret, data: {...secret.data, ...Object.fromEntries(texts)}};
}

test.each([
  ['the smallest request', {}],
  ['what docker run sends', plainRun],
  ['a published port, variables and labels', web],
  ['texts of every kind', {Cmd: ['\u0001', '\u2028', 'ü', '😀'], Env: ['A=\n"\\'], Labels: {'': ''}}],
])('%s comes back from its Secret as it was', (_, raw) => {
  const record = recordOf(raw);

  expect(containerFromSecret(secretForContainer(record, exited, 'tester'))).toEqual({record, state: exited});
});

test('a Secret has our type, the name of the Pod and the labels of its owner', () => {
  expect(secret).toMatchObject({
    type: 'badidea.dev/container',
    metadata: {
      name: 'bad-28d40059b483033d1924',
      labels: {
        'app.kubernetes.io/managed-by': 'badidea',
        'badidea.dev/owner': 'tester',
        'badidea.dev/id': '28d40059b483033d1924298ec16ea80b',
      },
    },
  });
});

test('a state is patched without the record', () => {
  const patch = statePatch(exited);

  expect(Object.keys(patch)).toEqual(['data']);
  const patched = {
    ...secret,
    data: {...secretForContainer(recordOf(), createdState, 'tester').data, ...(patch as {data: object}).data},
  };
  expect(containerFromSecret(patched)?.state).toEqual(exited);
});

const record = recordOf();
const spoiltSecrets: Record<string, V1Secret> = {
  'of another type': {...secret, type: 'Opaque'},
  'without data': {...secret, data: {}},
  'under another name': {...secret, metadata: {name: 'bad-other'}},
  'with a record that is no JSON': spoilt({container: '{'}),
  'with a record that is null': spoilt({container: null}),
  'with a record that is a list': spoilt({container: []}),
  'of a later version': spoilt({container: {version: 2}}),
  'whose time is no number': spoilt({container: {...record, created: 'yesterday'}}),
  'whose time is beyond all dates': spoilt({container: {...record, created: '9'.repeat(30)}}),
  'whose id is no id': spoilt({container: {...record, id: '28d40059b483033d1924'}}),
  'whose variables are no list': spoilt({container: {...record, request: {...record.request, Env: 'A=b'}}}),
  'whose image has no configuration': spoilt({
    container: {...record, image: {...record.image, config: null}},
  }),
  'whose image has numbers for variables': spoilt({
    container: {...record, image: {...record.image, config: {...record.image.config, Env: [1]}}},
  }),
};
for (const field of ['id', 'name', 'created', 'request', 'hostConfig', 'image']) {
  for (const value of [undefined, null, 5, 'text'].slice(0, field === 'name' ? 3 : 4)) {
    spoiltSecrets[`whose ${field} is ${String(value)}`] = spoilt({container: {...record, [field]: value}});
  }
}

test.each(Object.entries(spoiltSecrets))('a Secret %s is no container', (_, given) => {
  expect(containerFromSecret(given)).toBeUndefined();
});

test.each([undefined, null, 'x', {secret: 'x', hash: 'y'}])(
  'a record whose key is %j is a container without one',
  agentKey => {
    expect(containerFromSecret(spoilt({container: {...record, agentKey}}))?.record).toEqual({
      ...record,
      agentKey: undefined,
    });
  },
);

test('what an earlier version did not write has the default of Docker', () => {
  const {Image} = record.request;
  const stored = containerFromSecret(spoilt({container: {...record, request: {Image, HostConfig: {}}}}));

  expect(stored?.record.request).toEqual(record.request);
});

test.each([
  ['is missing', undefined],
  ['is no JSON', '{'],
  ['is null', null],
  ['is a text', '"running"'],
  ['has another status', {...exited, status: 'paused'}],
  ['has times that are no numbers', {...exited, startedAt: 'yesterday', finishedAt: null}],
  ['has a text for an exit code', {...exited, exitCode: '137'}],
  ['has ports that are no list', {...exited, ports: {}}],
  [
    'has a port that is no number',
    {...exited, ports: [{containerPort: '80/tcp', hostIp: '::1', hostPort: 'x'}]},
  ],
])('a state that %s is that of a container that was never started', (_, state) => {
  const {state: kept, ...data} = secret.data ?? {};
  expect(kept).toBeDefined();
  const stored = containerFromSecret({
    ...secret,
    data: state === undefined ? data : {...data, state: encoded(state)},
  });

  expect(stored?.state).toEqual(createdState);
});

test('fields that a later version adds to a state are no reason to drop it', () => {
  expect(containerFromSecret(spoilt({state: {...exited, health: 'healthy'}}))?.state).toMatchObject(exited);
});

test('whatever a single byte of a record turns into, the answers can be made of it or it is no container', () => {
  const text = Buffer.from(secret.data?.['container'] ?? '', 'base64').toString();
  for (let place = 0; place < text.length; place++) {
    const changed = `${text.slice(0, place)}0${text.slice(place + 1)}`;
    const stored = containerFromSecret(spoilt({container: changed}));
    if (!stored) continue;
    const view = {...stored, removing: false, pid: 0, podIp: undefined, execIds: []};
    expect(() => [containerInspect(view), containerSummary(view, 0n)]).not.toThrow();
  }
});
