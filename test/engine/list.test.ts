import {expect, test} from 'vitest';

import {InvalidRequest, NotFound} from '../../src/errors.ts';
import {BRIDGE_ID} from '../../src/translate/networks.ts';
import {imageNamed} from '../translate/records.ts';
import {create, run, runDetached} from './client.ts';
import {openEngine, type TestEngine, until} from './support.ts';

/** `docker ps`, the names. */
function names(
  {containers}: TestEngine,
  filters: Record<string, string[]> = {},
  more: {all?: boolean; limit?: number} = {},
): string[] {
  const options = {
    all: false,
    limit: undefined,
    size: false,
    ...more,
    filters: new Map(Object.entries(filters)),
  };
  return containers.list(options).map(({Names}) => Names.join().slice(1));
}

/** A created, two running and two exited containers, in this order. */
async function openFive(): Promise<TestEngine> {
  const engine = await openEngine();
  await create(engine, ['true'], {name: 'created'});
  await runDetached(engine, ['sleep', '60'], {
    name: 'web',
    Labels: {tier: 'front'},
    ExposedPorts: {'7000/tcp': {}},
  });
  await runDetached(engine, ['sleep', '60'], {name: 'db', Image: 'busybox', Labels: {tier: 'back', x: ''}});
  await run(engine, ['true'], {name: 'done'});
  await run(engine, ['sh', '-c', 'exit 3'], {name: 'failed'});
  return engine;
}

test('a list has what runs, newest first; with all of it everything; with a limit the newest of everything', async () => {
  const engine = await openFive();

  expect(names(engine)).toEqual(['db', 'web']);
  expect(names(engine, {}, {all: true})).toEqual(['failed', 'done', 'db', 'web', 'created']);
  expect(names(engine, {}, {limit: 2})).toEqual(['failed', 'done']);
  expect(names(engine, {}, {limit: -1})).toEqual(['db', 'web']);
});

test('filters choose as those of dockerd do', async () => {
  const engine = await openFive();
  const {Id} = engine.containers.inspect('web');
  const all = {all: true};

  // Without `all` a status shows what has it; an exit code does not.
  expect(names(engine, {status: ['exited']})).toEqual(['failed', 'done']);
  expect(names(engine, {status: ['created', 'running']})).toEqual(['db', 'web', 'created']);
  expect(names(engine, {exited: ['3']})).toEqual([]);
  expect(names(engine, {exited: ['3']}, all)).toEqual(['failed']);
  expect(names(engine, {exited: ['0']}, all)).toEqual(['done']);

  expect(names(engine, {name: ['e']}, all)).toEqual(['failed', 'done', 'web', 'created']);
  expect(names(engine, {name: ['^/?db$']})).toEqual(['db']);
  expect(names(engine, {id: [Id.slice(0, 12)]})).toEqual(['web']);
  expect(names(engine, {label: ['tier']})).toEqual(['db', 'web']);
  expect(names(engine, {label: ['tier=back', 'x']})).toEqual(['db']);
  expect(names(engine, {ancestor: ['alpine']})).toEqual(['web']);
  expect(names(engine, {ancestor: ['busybox:latest']})).toEqual(['db']);
  expect(names(engine, {ancestor: [imageNamed('busybox').id]})).toEqual(['db']);
  expect(names(engine, {before: ['db']}, all)).toEqual(['web', 'created']);
  expect(names(engine, {since: ['db']}, all)).toEqual(['failed', 'done']);
  expect(names(engine, {network: ['bridge']})).toEqual(['db', 'web']);
  expect(names(engine, {network: [BRIDGE_ID]})).toEqual(['db', 'web']);
  expect(names(engine, {network: ['other']})).toEqual([]);
  expect(names(engine, {volume: ['x']}, all)).toEqual([]);
});

test.each([
  [{expose: ['7000']}, ['web']],
  [{expose: ['7000/tcp']}, ['web']],
  [{expose: ['6990-7010']}, ['web']],
  [{expose: ['7000/udp']}, []],
  [{expose: ['7001']}, []],
])('%j finds %j', async (filters, found) => {
  const engine = await openFive();

  expect(names(engine, filters)).toEqual(found);
});

test('a published port is found by its number on the laptop, and within a range', async () => {
  const engine = await openEngine();
  await runDetached(engine, ['sleep', '60'], {
    name: 'web',
    HostConfig: {PortBindings: {'80/tcp': [{HostPort: '0'}]}},
  });
  const port = Number(engine.containers.inspect('web').NetworkSettings.Ports['80/tcp']?.[0]?.HostPort);

  expect(names(engine, {publish: [String(port)]})).toEqual(['web']);
  expect(names(engine, {publish: [`${port}/tcp`]})).toEqual(['web']);
  expect(names(engine, {publish: [`${port - 1}-${port + 1}`]})).toEqual(['web']);
  expect(names(engine, {publish: [`${port}/udp`]})).toEqual([]);
  expect(names(engine, {publish: ['80']})).toEqual([]);
});

test.each([
  [{bogus: ['x']}, InvalidRequest, "invalid filter 'bogus'"],
  [
    {status: ['bogus']},
    InvalidRequest,
    "invalid filter 'status=bogus': invalid value for state (bogus): must be one of created, running, paused, restarting, removing, exited, dead",
  ],
  [{before: ['nope']}, NotFound, 'No such container: nope'],
  [{publish: ['x']}, InvalidRequest, "invalid filter 'publish=x'"],
])('%j is refused', async (filters, kind, words) => {
  const engine = await openEngine();
  await create(engine, ['true']);

  expect(() => names(engine, filters)).toThrow(kind);
  expect(() => names(engine, filters)).toThrow(words);
});

test('a container is found by id, prefix, name and name with slash; a prefix of two is a conflict', async () => {
  const engine = await openEngine();
  const ids = new Set<string>();
  // Two of seventeen ids begin with the same digit.
  for (let count = 0; count < 17; count++) ids.add(await create(engine, ['true'], {name: `c${count}`}));
  const [id = ''] = ids;
  const digits = [...ids].map(([digit]) => digit ?? '');
  const twice = digits.find((digit, place) => digits.indexOf(digit) !== place) ?? '';

  for (const reference of [id, id.slice(0, 12), 'c0', '/c0'])
    expect(engine.containers.inspect(reference).Id).toBe(id);
  expect(() => engine.containers.inspect(twice)).toThrow(`multiple IDs found with provided prefix: ${twice}`);
  expect(() => engine.containers.inspect('nope')).toThrow(new NotFound('No such container: nope'));
});

test('a record that somebody deleted behind our back is a container that has gone', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true'], {name: 'web'});
  const {exit} = engine.containers.wait(id, 'removed', AbortSignal.timeout(10_000));
  await until(() => engine.counts().links.connected === 1);

  engine.namespace.store.remove('secrets', `bad-${id.slice(0, 20)}`);

  expect(await exit).toEqual({StatusCode: 0});
  expect(names(engine, {}, {all: true})).toEqual([]);
});
