import {expect, test} from 'vitest';

import {TestAgent, output, shell, signal, stdin} from './agent.ts';
import {SPEC, u16} from './bytes.ts';

test('stdin reaches the process from before its start, and its end is passed on', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const records = output(link);
  const input = stdin(link);

  await input.write(Buffer.from('before\n'));
  await shell(link, 'cat; echo end', {flags: SPEC.stdin});
  await input.write(Buffer.alloc(1_000_000, 'x'));
  input.end();
  await records.finished();

  expect(records.output()).toBe(`before\n${'x'.repeat(1_000_000)}end\n`);
  expect((await input.finished()).ended).toBe(true);
});

test('stdin ends for the daemon when the process has none, closes it or exits', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();

  const none = stdin(link);
  await shell(link, 'read line; exec sleep 100');
  await none.finished();
  await signal(link, 9);
  await link.exited();

  const closed = stdin(link);
  await shell(link, 'exec <&-; exec sleep 100', {flags: SPEC.stdin});
  await closed.finished();
  await closed.write(Buffer.alloc(1_000_000));
  await signal(link, 9);
  await link.exited();

  const exits = stdin(link);
  await shell(link, 'exit 0', {flags: SPEC.stdin});
  await exits.finished();
  expect([none.ended, closed.ended, exits.ended]).toEqual([true, true, true]);
});

test('EOF of one of two attached clients leaves stdin open unless it says so', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const records = output(link);
  const first = stdin(link, 0);
  const second = stdin(link, 1);

  await shell(link, 'cat', {flags: SPEC.stdin});
  await first.write(Buffer.from('one '));
  first.end();
  await link.until(() => records.output() === 'one ');
  await second.write(Buffer.from('two'));
  second.end();
  await records.finished();

  expect(records.output()).toBe('one two');
});

test('under `stdin once` a client that is lost ends stdin', async () => {
  await using agent = await TestAgent.start();
  const first = await agent.link();
  stdin(first);
  await shell(first, 'cat; exit 5', {flags: SPEC.stdin | SPEC.stdinOnce});
  first.cut();

  const second = await agent.link();

  expect((await second.exited()).exitCode).toBe(5);
});

test('with a terminal the process has one, of the size that was asked for, and it can be resized', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  const records = output(link);
  const input = stdin(link);

  await shell(
    link,
    'trap "stty size" WINCH; test -t 0 && test -t 1 && test -t 2 && stty size; read x; read y',
    {
      flags: SPEC.tty | SPEC.stdin,
      rows: 33,
      columns: 44,
    },
  );
  await link.until(() => records.output().includes('33 44'));
  const resized = await link.request(3, Buffer.concat([u16(50), u16(132)]));
  await link.until(() => records.output().includes('50 132'));
  await input.write(Buffer.from('line\nline\n'));
  const state = await link.exited();

  expect(resized.message).toBe(0x40);
  expect(state.exitCode).toBe(0);
  expect(records.records().every(one => one.channel === 1)).toBe(true);
});

test('RESIZE of a process without a terminal is refused', async () => {
  await using agent = await TestAgent.start();
  const link = await agent.link();
  await shell(link, 'exec sleep 100');

  const {message, reader} = await link.request(3, Buffer.concat([u16(1), u16(1)]));

  expect([message, reader.u8(), reader.u32()]).toEqual([0x41, 1, 25]);
});
