import {InvalidRequest} from '../errors.ts';

/** Linux's names, without SIG, from number 1 on. */
const names = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF ' +
  'WINCH IO PWR SYS'
).split(' ');

const otherNames: ReadonlyMap<string, number> = new Map([
  ['IOT', 6],
  ['CLD', 17],
  ['POLL', 29],
  ['UNUSED', 31],
]);

const firstRealTime = 34;
const lastRealTime = 64;

/** The number of a signal given as a number or a name, in any case, with or without SIG: `9`, `KILL`, `sigkill`, `SIGRTMIN+3`. */
export function signalNumber(signal: string): number {
  const number = numberOf(signal);
  if (number === undefined) throw new InvalidRequest(`invalid signal: ${signal}`);
  return number;
}

/** Whether `signalNumber` takes it. */
export function isSignal(signal: string): boolean {
  return numberOf(signal) !== undefined;
}

function numberOf(signal: string): number | undefined {
  const number = /^\d{1,3}$/.test(signal)
    ? Number(signal)
    : numberOfName(signal.toUpperCase().replace(/^SIG/, ''));
  return number !== undefined && number >= 1 && number <= lastRealTime ? number : undefined;
}

function numberOfName(name: string): number | undefined {
  const plain = otherNames.get(name) ?? names.indexOf(name) + 1;
  if (plain > 0) return plain;
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (!realTime) return undefined;
  const [, end, sign, distance = '0'] = realTime;
  if (end === 'MIN' && sign !== '-') return within(firstRealTime + Number(distance));
  if (end === 'MAX' && sign !== '+') return within(lastRealTime - Number(distance));
  return undefined;
}

function within(number: number): number | undefined {
  return number >= firstRealTime && number <= lastRealTime ? number : undefined;
}
