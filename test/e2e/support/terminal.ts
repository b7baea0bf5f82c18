import {spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {run} from './run.ts';

/**
 * Runs a command line under a real pseudo-terminal (`script` of util-linux) and plays the person in front of it. The terminal is resized from outside, by its
 * device, as a terminal emulator does it.
 */
export function inTerminal(
  command: string,
  options: {env: NodeJS.ProcessEnv; rows: number; columns: number},
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pty-'));
  const deviceFile = path.join(folder, 'device');
  const line = `tty > ${deviceFile}; stty rows ${options.rows} cols ${options.columns}; ${command}`;
  const child = spawn('script', ['-qefc', line, '/dev/null'], {env: {...options.env, TERM: 'xterm'}});
  let shown = '';
  let wake = Promise.withResolvers<void>();
  const collect = (chunk: Buffer) => {
    shown += chunk.toString();
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = new Promise<number>(resolve => {
    child.on('close', code => {
      rmSync(folder, {recursive: true, force: true});
      wake.resolve();
      resolve(code ?? -1);
    });
  });
  return {
    ended,
    type: (text: string) => void child.stdin.write(text),
    /** Resolves when the text is on the screen; rejects after 15 s with what is there. */
    async shows(text: string): Promise<void> {
      const deadline = AbortSignal.timeout(15_000);
      const late = new Promise<never>((_, reject) => {
        deadline.addEventListener(
          'abort',
          () => reject(new Error(`"${text}" did not appear in: ${JSON.stringify(shown)}`)),
          {once: true},
        );
      });
      late.catch(() => {});
      while (!shown.includes(text)) await Promise.race([wake.promise, late]);
    },
    async resize(rows: number, columns: number): Promise<void> {
      await run('stty', [
        '-F',
        readFileSync(deviceFile, 'utf8').trim(),
        'rows',
        String(rows),
        'cols',
        String(columns),
      ]);
    },
  };
}
