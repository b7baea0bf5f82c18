import {randomInt} from 'node:crypto';

const ADJECTIVES =
  'able agile amber bold brave breezy bright brisk calm candid cheerful clever cosy curious daring deft eager easy fair fancy fond frank gentle glad graceful happy hardy honest humble jolly keen kind lively lucid lucky mellow merry mild modest neat nimble noble patient plucky polite proud quick quiet ready serene sharp shy sincere sleepy smart snug steady sunny swift tidy tranquil upbeat vivid warm wise witty zesty';
const SURNAMES =
  'allen babbage backus berners boole brooks cerf clarke codd cray curie diffie dijkstra engelbart euler faraday feynman floyd gauss goldberg gray hamilton hamming hedy hellman hertz hoare holberton hopper iverson kahn karp kay kernighan kleene knuth lamport lamarr lin liskov lovelace mccarthy meitner minsky moore naur neumann noether perlis postel rabin ritchie rivest scott shamir shannon sutherland tarjan thompson turing wilkes wing wirth yao zuse';

/** A name for a container that was given none, in Docker's shape: adjective_surname; a digit follows once names get scarce. */
export function randomName(taken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const name = `${pick(ADJECTIVES)}_${pick(SURNAMES)}${attempt < 5 ? '' : randomInt(10 ** Math.min(attempt - 4, 9))}`;
    if (!taken(name)) return name;
  }
}

function pick(words: string): string {
  const list = words.split(' ');
  return list[randomInt(list.length)] ?? 'calm';
}
