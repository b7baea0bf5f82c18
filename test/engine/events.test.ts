import {setImmediate as turn} from 'node:timers/promises';

import {expect, test} from 'vitest';

import {EventLog} from '../../src/engine/event-log.ts';
import type {DockerEvent} from '../../src/wire/events.ts';
import {noFilters} from '../../src/wire/filters.ts';
import {create, run, waitFor} from './client.ts';
import {actions, openEngine} from './support.ts';

function happened(nanoseconds: bigint, Action = String(nanoseconds)): DockerEvent {
  return {Type: 'container', Action, Actor: {ID: 'id', Attributes: {name: 'web'}}, nanoseconds};
}

async function names(events: AsyncIterable<DockerEvent>): Promise<string[]> {
  const told: string[] = [];
  for await (const {Action} of events) told.push(Action);
  return told;
}

const always = {since: undefined, until: undefined, filters: noFilters};

test('what happens between the subscription and its first reading is told', async () => {
  const log = new EventLog();
  const leaving = new AbortController();

  const events = log.subscribe({...always, signal: leaving.signal});
  log.emit(happened(1n));
  leaving.abort();

  expect(await names(events)).toEqual(['1']);
});

test('a subscriber hears all that happens until it leaves', async () => {
  const log = new EventLog();
  const leaving = new AbortController();
  const told = names(log.subscribe({...always, signal: leaving.signal}));

  for (let count = 1n; count <= 3n; count++) {
    log.emit(happened(count));
    await turn();
  }
  leaving.abort();
  log.emit(happened(4n));

  expect(await told).toEqual(['1', '2', '3']);
});

test('what has happened is replayed from since on, and until in the past ends at once', async () => {
  const log = new EventLog();
  for (const nanoseconds of [10n, 20n, 30n]) log.emit(happened(nanoseconds));
  const signal = AbortSignal.timeout(10_000);

  expect(await names(log.subscribe({...always, since: 20n, until: 25n, signal}))).toEqual(['20']);
  expect(await names(log.subscribe({...always, until: 25n, signal}))).toEqual([]);
});

test('until in the future ends then', async () => {
  const log = new EventLog();
  const soon = BigInt(Date.now() + 50) * 1_000_000n;
  const told = names(log.subscribe({...always, until: soon, signal: AbortSignal.timeout(10_000)}));

  log.emit(happened(soon - 1n, 'before'));
  log.emit(happened(soon + 1n, 'after'));

  expect(await told).toEqual(['before']);
});

test('the last 256 events are kept, as by dockerd', async () => {
  const log = new EventLog();
  for (let count = 1n; count <= 300n; count++) log.emit(happened(count));

  const told = await names(
    log.subscribe({...always, since: 0n, until: 1000n, signal: AbortSignal.timeout(10_000)}),
  );

  expect(told).toHaveLength(256);
  expect(told[0]).toBe('45');
});

test('a filter chooses', async () => {
  const log = new EventLog();
  for (const action of ['create', 'exec_create: sh', 'die']) log.emit(happened(1n, action));
  const filters = new Map([['event', ['die', 'exec_create']]]);

  expect(
    await names(log.subscribe({since: 0n, until: 2n, filters, signal: AbortSignal.timeout(10_000)})),
  ).toEqual(['exec_create: sh', 'die']);
});

test('a subscriber that does not read keeps no container waiting', async () => {
  const engine = await openEngine();
  const leaving = new AbortController();
  const slow = engine.events.subscribe({...always, signal: leaving.signal})[Symbol.asyncIterator]();
  const first = slow.next();

  for (let round = 0; round < 3; round++) await run(engine, ['true'], {name: `web${round}`});

  expect((await first).value).toMatchObject({Action: 'create', Actor: {Attributes: {name: 'web0'}}});
  leaving.abort();
  const rest: string[] = [];
  for (let one = await slow.next(); !one.done; one = await slow.next()) rest.push(one.value.Action);
  expect(rest).toEqual([
    'attach',
    'start',
    'die',
    ...Array.from({length: 2}, () => ['create', 'attach', 'start', 'die']).flat(),
  ]);
});

test('a rm -f of a container that runs tells kill, die and destroy', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['sleep', '60']);
  await engine.containers.start(id);

  await engine.containers.remove(id, {force: true, volumes: false});

  expect(await actions(engine, id)).toEqual(['create', 'start', 'kill', 'die', 'destroy']);
});

test('who waits and leaves is forgotten, and what has ended answers at once', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true']);
  const leaving = new AbortController();
  const {exit} = engine.containers.wait(id, 'next-exit', leaving.signal);
  leaving.abort(new Error('left'));

  await expect(exit).rejects.toThrow('left');
  await expect(
    engine.containers.wait(id, 'removed', AbortSignal.abort(new Error('gone'))).exit,
  ).rejects.toThrow('gone');
  expect(await waitFor(engine, id, 'not-running')).toBe(0);
});

test('a wait for removal of a created container answers when it is removed', async () => {
  const engine = await openEngine();
  const id = await create(engine, ['true']);
  const removed = waitFor(engine, id, 'removed');
  const nextExit = waitFor(engine, id, 'next-exit');

  await engine.containers.remove(id, {force: false, volumes: false});

  expect(await Promise.all([removed, nextExit])).toEqual([0, 0]);
});
