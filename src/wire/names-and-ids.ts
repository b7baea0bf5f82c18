import {InvalidRequest} from '../errors.ts';

/** What clients show of an id, and what DNS and the host name know a container by. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/** A 64-digit id from 32 random bytes; undefined when its short form has digits only, as it could pass for a number: draw again. */
export function idFromBytes(bytes: Uint8Array): string | undefined {
  const id = Buffer.from(bytes).toString('hex');
  return /^\d+$/.test(shortId(id)) ? undefined : id;
}

/** Checks a container's name as a client gives it and takes off its slash. */
export function containerName(text: string): string {
  const name = text.replace(/^\//, '');
  // two characters at least, as in Docker; the upper bound is ours
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(name)) {
    throw new InvalidRequest(`Invalid container name (${text}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  return name;
}

/** A name for a container that was given none: `calm_otter`. `random`: 0 ≤ n < 1. `attempt`: how often the name was taken already. */
export function inventedName(random: () => number, attempt = 0): string {
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)] ?? '';
  const name = `${pick(qualities)}_${pick(animals)}`;
  return attempt === 0 ? name : `${name}${Math.floor(random() * 10 ** Math.min(attempt, 6))}`;
}

const qualities = (
  'able agile amber ample apt azure balmy bold brave breezy brief bright brisk calm candid civil clever cosy crisp curious dapper daring deft ' +
  'eager early easy elated fair fancy fine fleet fond frank fresh gentle glad golden grand happy hardy honest humble jolly keen kind lively ' +
  'lucid lucky mellow merry mild modest neat nimble noble patient placid plucky polite proud quick quiet rapid ready robust rosy serene sharp ' +
  'silent sincere sleek smart snug sober spry steady stout sunny swift tender tidy trusty upbeat vivid warm wise witty zesty'
).split(' ');

const animals = (
  'adder alpaca badger beaver bison bobcat buzzard camel caribou cheetah cicada condor cougar coyote crane cricket curlew dingo dolphin dormouse ' +
  'eagle egret eland ermine falcon ferret finch gannet gazelle gecko gibbon gopher grouse guppy hamster hare hawk heron hornet ibex ibis iguana ' +
  'impala jackal jackdaw jaguar jay kestrel kiwi koala lark lemming lemur leopard linnet llama lobster lynx magpie manatee marmot marten mink ' +
  'moose narwhal newt ocelot octopus oriole osprey otter owl panda panther pelican penguin pheasant plover puffin puma quail raven robin salmon ' +
  'seal skylark sparrow squid stoat stork swan tapir tern toad turtle vole walrus weasel wombat wren yak zebra'
).split(' ');
