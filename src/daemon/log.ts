import {closeSync, constants, fstatSync, openSync, renameSync, writeSync} from 'node:fs';

import type {Log, LogFields} from './types.ts';

const keptFiles = 5;

/**
 * Opens daemon.log: one JSON object a line, so that no text can forge a line. At `limit` bytes it becomes daemon.log.1, and so on to .5. Writing is
 * synchronous: the line before a crash is the one that matters. A full disk loses lines, never the daemon.
 */
export function openLog(path: string, limit = 5 * 1024 * 1024): Log & {close(): void} {
  let file = open(path);
  let size = fstatSync(file).size;

  function write(level: 'info' | 'warn' | 'error', message: string, fields: LogFields = {}): void {
    const line = `${lineOf({time: new Date().toISOString(), level, message}, fields)}\n`;
    try {
      if (size + Buffer.byteLength(line) > limit) rotate();
      size += writeSync(file, line);
    } catch {
      // Nobody is left to tell.
    }
  }

  function rotate(): void {
    for (let number = keptFiles - 1; number >= 1; number -= 1)
      renameIfThere(`${path}.${number}`, `${path}.${number + 1}`);
    renameIfThere(path, `${path}.1`);
    closeSync(file);
    file = open(path);
    size = 0;
  }

  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    close: () => closeSync(file),
  };
}

function open(path: string): number {
  return openSync(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  );
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // Not there yet.
  }
}

function lineOf(head: {time: string; level: string; message: string}, fields: LogFields): string {
  try {
    return JSON.stringify({...head, ...plain(fields)});
  } catch (error) {
    // A circle, or a bigint: a log must take what it is given.
    return JSON.stringify({...head, unreadable: String(error)});
  }
}

function plain(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? story(value) : value]),
  );
}

/** An error's stack with those of its causes, bounded: messages may come from a container. */
function story(error: Error): string {
  const parts: string[] = [];
  let next: unknown = error;
  while (next instanceof Error && parts.length < 5) {
    parts.push((next.stack ?? String(next)).slice(0, 4000));
    next = next.cause;
  }
  return parts.join('\ncaused by: ');
}
