import {expect, it} from 'vitest';

import {Forbidden, InvalidRequest} from '../../src/errors.ts';
import {createFields} from '../../src/policy/create-fields.ts';
import {createRefusals, judgeCreateRequest} from '../../src/policy/create-refusals.ts';

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

const names = Object.values(createFields).flatMap(fields => Object.keys(fields));
const keys = [
  ...names,
  'HostConfig',
  'NetworkingConfig',
  'EndpointsConfig',
  'Type',
  'Source',
  'Target',
  'Name',
  'Test',
  'HostIp',
  'toString',
  'constructor',
  'valueOf',
  'length',
  '',
];
const texts = [
  '',
  'host',
  'none',
  'container:',
  'default',
  '/',
  ':',
  '/a:/b',
  'docker.sock',
  '80/udp',
  'ALL',
  'NONE',
  'no',
  '\u0000\u001b',
  'x'.repeat(3000),
  '$(id)',
];

function value(random: () => number, depth: number): unknown {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const kind = random() * (depth > 5 ? 5 : 8);
  if (kind < 1) return pick([null, true, false]);
  if (kind < 3) return pick(texts);
  if (kind < 5) return pick([0, -1, 1, 2 ** 53 + 1, 1e308, -0.5]);
  const size = Math.floor(random() * 6);
  if (kind < 6) return Array.from({length: size}, () => value(random, depth + 1));
  return Object.fromEntries(Array.from({length: size}, () => [pick(keys) ?? '', value(random, depth + 1)]));
}

/** Mostly in the places where something is expected. */
function request(random: () => number): unknown {
  const some = (fields: object): object =>
    Object.fromEntries(
      Object.keys(fields)
        .filter(() => random() < 0.15)
        .map(name => [name, value(random, 2)]),
    );
  if (random() < 0.1) return value(random, 0);
  return {
    ...some(createFields.config),
    HostConfig: random() < 0.1 ? value(random, 1) : some(createFields.hostConfig),
    NetworkingConfig: {EndpointsConfig: {default: some(createFields.endpoint), x: value(random, 2)}},
  };
}

it('any JSON is judged: it passes, is refused in three lines, or is invalid', () => {
  const random = generator(20_261_122);
  const outcomes = Array.from({length: 1000}, () => outcome(JSON.parse(JSON.stringify(request(random)))));

  expect(outcomes.filter(one => !['passed', 'refused', 'invalid'].includes(one))).toEqual([]);
  expect(outcomes.filter(passed => passed === 'passed').length).toBeGreaterThan(50);
});

/** One of three words, or what is wrong with it. */
function outcome(raw: unknown): string {
  try {
    const fit = createRefusals(raw).every(text => text.length < 400 && !/\p{Cc}/u.test(text));
    return fit ? 'passed' : 'a warning is too long, or not printable';
  } catch (error) {
    if (error instanceof InvalidRequest) {
      return 'invalid';
    }
    return error instanceof Forbidden && error.message.split('\n').length === 3 ? 'refused' : String(error);
  }
}

it('judging has no effect on the request, and the same request gets the same answer', () => {
  const random = generator(7);
  for (let round = 0; round < 200; round++) {
    const raw: unknown = JSON.parse(JSON.stringify(request(random)));
    const before = JSON.stringify(raw);

    expect(judgeCreateRequest(raw)).toEqual(judgeCreateRequest(JSON.parse(before)));
    expect(JSON.stringify(raw)).toBe(before);
  }
});
