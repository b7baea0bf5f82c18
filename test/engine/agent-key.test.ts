import {createHash} from 'node:crypto';
import {inspect} from 'node:util';

import {expect, test} from 'vitest';

import {newAgentKey} from '../../src/engine/agent-key.ts';
import {containerFromSecret} from '../../src/translate/container-record.ts';
import {objectName} from '../../src/translate/labels.ts';
import {noFilters} from '../../src/wire/filters.ts';
import {create, run, runDetached} from './client.ts';
import {openEngine, podOf, successorOf, type TestEngine, until} from './support.ts';

function keyOf({namespace}: TestEngine, id: string) {
  const secret = namespace.store.find('secrets', objectName(id));
  return (secret && containerFromSecret(secret)?.record.agentKey) ?? expect.unreachable();
}

test('a key is 32 random bytes and their SHA-256', () => {
  const {secret, hash} = newAgentKey();

  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(hash).toBe(createHash('sha256').update(Buffer.from(secret, 'hex')).digest('hex'));
  expect(newAgentKey().secret).not.toBe(secret);
});

test('the secret of a container is in its record and nowhere else', async () => {
  const engine = await openEngine();
  const id = await runDetached(engine, ['sleep', '60'], {name: 'web'});
  const {secret, hash} = keyOf(engine, id);
  const refusal = await create(engine, ['true'], {name: 'web'}).catch(String);

  expect(podOf(engine, id)?.spec?.containers[0]?.command).toContain(hash);
  expect(JSON.stringify(podOf(engine, id))).not.toContain(secret);
  const {containers, happened, logged} = engine;
  const list = containers.list({all: true, limit: undefined, filters: noFilters, size: false});
  expect(inspect([containers.inspect(id), list, happened, logged, refusal], {depth: Infinity})).not.toContain(
    secret,
  );
});

test('a container has the key of the held Pod that it took', async () => {
  const engine = await openEngine({warm: {count: 1}});
  await run(engine, ['true'], {HostConfig: {AutoRemove: true}});
  const held = () => engine.namespace.store.list('pods', 'tester').length === 1;
  await until(held);

  const id = await create(engine, ['true']);
  await engine.containers.start(id);

  expect(podOf(engine, id)?.metadata?.labels).toHaveProperty(['badidea.dev/warm']);
  expect(podOf(engine, id)?.spec?.containers[0]?.command).toContain(keyOf(engine, id).hash);
  expect(engine.namespace.calls).not.toContain('exec');
});

test('the next daemon reaches the port with the key of the record', async () => {
  const first = await openEngine();
  const id = await runDetached(first, ['sleep', '60']);
  first.namespace.calls.length = 0;

  const engine = await successorOf(first);

  expect(engine.containers.inspect(id).State.Running).toBe(true);
  expect(engine.namespace.calls).toContain('connect');
  expect(engine.namespace.calls).not.toContain('exec');
});
