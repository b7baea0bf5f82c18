import {spawn} from 'node:child_process';
import {once} from 'node:events';

import {expect, it} from 'vitest';

import {childrenOf, commandLine, isAlive, kill, parseStat, processId} from './processes.ts';

it('a process whose name holds blanks and parentheses is read right', () => {
  const fields = ['S', ...Array.from({length: 18}, (_, index) => String(index)), '4711', '0'];

  expect(parseStat(`42 (a) b (c) ${fields.join(' ')}`)).toEqual({pid: 42, startTicks: '4711'});
});

it('a zombie counts as dead', () => {
  expect(parseStat(`42 (sh) Z ${'0 '.repeat(30)}`)).toBeUndefined();
});

it.runIf(process.platform === 'linux')('a later process of the same number is another one', async () => {
  const me = processId(process.pid);

  expect(me && isAlive(me)).toBe(true);
  expect(isAlive({pid: process.pid, startTicks: '1'})).toBe(false);
});

it.runIf(process.platform === 'linux')(
  'a child is found, told by its command line, and gone after its kill',
  async () => {
    const child = spawn('sleep', ['987']);
    await once(child, 'spawn');

    const found = childrenOf(process.pid).find(({pid}) => commandLine(pid) === 'sleep 987');
    await kill(found ?? {pid: 0, startTicks: ''});

    expect(found?.pid).toBe(child.pid);
    expect(processId(child.pid ?? 0)).toBeUndefined();
  },
);
