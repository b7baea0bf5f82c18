import {createInterface} from 'node:readline/promises';

/** Asks a yes-or-no question on the terminal; anything but y or yes is no. */
export async function askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({input: process.stdin, output: process.stderr});
  // readline takes ctrl-C for itself: pass it on.
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await terminal.question(`${question} [y/N] `, {signal});
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** Whether there is a person to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}
