import {expect, test} from 'vitest';

import {NotFound} from '../../src/errors.ts';
import {noFilters} from '../../src/wire/filters.ts';
import {runDetached} from './client.ts';
import {openEngine, until} from './support.ts';

test('there are the three networks of every Docker, found by name and by the beginning of their id', async () => {
  const {networks} = await openEngine();
  const all = networks.list(noFilters) as {Name: string; Id: string}[];

  expect(all.map(({Name}) => Name)).toEqual(['bridge', 'host', 'none']);
  for (const network of all) {
    expect(networks.inspect(network.Name)).toEqual(network);
    expect(networks.inspect(network.Id.slice(0, 12))).toEqual(network);
  }
  expect(networks.list(new Map([['name', ['ho']]]))).toEqual([expect.objectContaining({Name: 'host'})]);
  expect(() => networks.inspect('nope')).toThrow(new NotFound('network nope not found'));
});

test('a running container with an address is a member of bridge', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60'], {name: 'web'});
  engine.namespace.store.patch('pods', `bad-${id.slice(0, 20)}`, {status: {podIP: '10.1.2.3'}});
  await until(() => engine.containers.inspect(id).NetworkSettings['IPAddress'] === '10.1.2.3');

  expect(engine.networks.inspect('bridge')).toMatchObject({
    Containers: {[id]: {Name: 'web', IPv4Address: '10.1.2.3/32'}},
  });
  expect(engine.networks.inspect('none')).toMatchObject({Containers: {}});
});

test('the counts name containers, links and ports', async () => {
  const engine = await openEngine();
  await runDetached(engine, ['sleep', '60'], {
    name: 'web',
    HostConfig: {PortBindings: {'80/tcp': [{HostPort: '0'}]}},
  });
  const [port] = engine.containers.inspect('web').NetworkSettings.Ports['80/tcp'] ?? [];

  expect(engine.counts()).toEqual({
    containers: {running: 1, created: 0, paused: 0, exited: 0},
    forwards: [
      {container: 'web', local: `127.0.0.1:${port?.HostPort}`, target: '80/tcp', state: 'up'},
      {container: 'web', local: `[::1]:${port?.HostPort}`, target: '80/tcp', state: 'up'},
    ],
    links: {connected: 1, broken: 0},
  });
  expect(engine.watch()).toMatchObject({reachable: true});
});

test('removeAll takes every container and says what stays', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await runDetached(engine, ['sleep', '60'], {name: 'web'});
  await runDetached(engine, ['sleep', '60'], {name: 'db'});
  engine.namespace.failNext('deleteSecret', new NotFound('planned'));

  expect(await engine.removeAll()).toEqual({
    containers: 1,
    leftovers: [expect.stringMatching(/^container (web|db)$/)],
  });
});
