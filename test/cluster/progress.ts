const quietSeconds = 15;

/** Tells the running step how far it is, e.g. "812 of 2104 packages". */
export type Detail = (text: string) => void;

/**
 * Runs one step and shows on stderr what goes on: on a terminal one line that counts the seconds, otherwise a line at the
 * end and, if the step is long, one every 15 s, because minutes of silence look like a hang.
 */
export async function step<T>(title: string, work: (detail: Detail) => Promise<T>): Promise<T> {
  const started = performance.now();
  const live = process.stderr.isTTY;
  let detail = '';
  const line = () => `${title}${detail && `: ${detail}`} (${seconds(started)})`;
  const timer = setInterval(
    () =>
      process.stderr.write(live ? `\r\x1b[K${line().slice(0, process.stderr.columns - 1)}` : `${line()} …\n`),
    live ? 500 : quietSeconds * 1000,
  );
  let outcome = 'failed';
  try {
    const result = await work(text => (detail = text));
    outcome = 'done';
    return result;
  } finally {
    clearInterval(timer);
    process.stderr.write(`${live ? '\r\x1b[K' : ''}${title}: ${outcome} (${seconds(started)})\n`);
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
