import {expect, test} from 'vitest';

import {InvalidRequest, Unavailable} from '../../src/errors.ts';
import {create, run, runDetached} from './client.ts';
import {openEngine} from './support.ts';

test('prune takes away what does not run, also when one of them stays', async () => {
  const engine = await openEngine();
  const {id: one} = await run(engine, ['true']);
  const two = await create(engine, ['true']);
  const kept = await runDetached(engine, ['sleep', '60']);
  const labelled = await create(engine, ['true'], {Labels: {keep: ''}});
  engine.namespace.failNext('deleteSecret', new Unavailable('planned'));

  const first = await engine.containers.prune(new Map([['label!', ['keep']]]));
  const second = await engine.containers.prune(new Map([['label!', ['keep']]]));

  expect(first.ContainersDeleted).toHaveLength(1);
  expect([...first.ContainersDeleted, ...second.ContainersDeleted].toSorted()).toEqual([one, two].toSorted());
  expect(engine.containers.inspect(kept).State.Running).toBe(true);
  expect(engine.containers.inspect(labelled).Id).toBe(labelled);
});

test.each([
  ['1h', 0],
  ['1h30m', 0],
  ['0s', 1],
  ['2020-01-01', 0],
  ['2020-01-01T00:00:00Z', 0],
  ['1577836800', 0],
  ['4102444800', 1],
])('prune until %s takes %i of what was just made', async (until, count) => {
  const engine = await openEngine();
  await create(engine, ['true']);

  const {ContainersDeleted} = await engine.containers.prune(new Map([['until', [until]]]));

  expect(ContainersDeleted).toHaveLength(count);
});

test('prune refuses a time that is none, and a filter that does not exist', async () => {
  const engine = await openEngine();

  await expect(engine.containers.prune(new Map([['until', ['soon']]]))).rejects.toThrow(InvalidRequest);
  await expect(engine.containers.prune(new Map([['colour', ['red']]]))).rejects.toThrow(
    "invalid filter 'colour'",
  );
});
