import {expect, test} from 'vitest';

import {FieldReader, FieldWriter} from '../../src/link/fields.ts';
import {frameType, type Frame} from '../../src/link/frames.ts';
import {openLink} from '../../src/link/link.ts';
import {messageType} from '../../src/link/messages.ts';
import {ScriptedAgent} from '../fakes/scripted-agent.ts';
import {plainSpec, until, granted, textOf} from './fixtures.ts';

test('an exec gives its channels in order, its exit code, and ends its stdin', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type !== frameType.open) return;
    self.message(frame.stream, messageType.started, new FieldWriter().u32(9).u64(1n));
    for (let index = 0; index < 100; index += 1)
      self.send(frameType.data, frame.stream, Buffer.from(`${index} `), 1 + (index % 2));
    self.send(frameType.eof, frame.stream);
    self.message(frame.stream, messageType.exit, new FieldWriter().u32(143));
  });
  const link = openLink({dial: agent.dial});
  const exec = link.exec(plainSpec);

  expect(await exec.started).toEqual({pid: 9, startedAt: 1n});
  expect(await exec.exit).toBe(143);
  const output = await textOf(exec.output);
  expect(output).toBe(Array.from({length: 100}, (_, index) => `${1 + (index % 2)}:${index} `).join(''));
  expect(exec.stdin.errored).toMatchObject({code: 'EPIPE'});
  link.close();
});

test('an exec that cannot start says at which stage and why, and no promise is left unhandled', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open)
      self.message(frame.stream, messageType.failed, new FieldWriter().u8(4).u32(2).bytes('nope: not found'));
  });
  const link = openLink({dial: agent.dial});
  const exec = link.exec(plainSpec);

  await expect(exec.started).rejects.toMatchObject({
    name: 'AgentError',
    stage: 4,
    code: 'ENOENT',
    message: 'nope: not found',
  });
  expect(await textOf(exec.output)).toBe('');
  link.close();
});

test('an exec whose output nobody wants any more still ends with its exit code', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen((frame, self) => {
    frames.push(frame);
    if (frame.type === frameType.open)
      for (let index = 0; index < 32; index += 1)
        self.send(frameType.data, frame.stream, Buffer.alloc(32_768), 1);
    if (frame.type === frameType.window && granted(frames) === 1_048_576)
      self.message(frame.stream, messageType.exit, new FieldWriter().u32(0));
  });
  const link = openLink({dial: agent.dial});
  const exec = link.exec(plainSpec);
  exec.output.destroy();

  expect(await exec.exit).toBe(0);
  link.close();
});

test('a detached exec needs no reader, and letting go of one leaves it to the agent', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen(frame => frames.push(frame));
  const link = openLink({dial: agent.dial});
  const exec = link.exec(plainSpec);
  exec.resize(24, 80);
  exec.kill(2);
  exec.detach();

  await expect(exec.exit).rejects.toMatchObject({code: 'ELINKLOST'});
  await until(() => frames.some(frame => frame.type === frameType.reset));
  expect(frames.map(frame => frame.type)).toEqual([
    frameType.hello,
    frameType.open,
    frameType.message,
    frameType.message,
    frameType.reset,
  ]);
  expect(exec.output.destroyed).toBe(true);
  link.close();
});

test('a spec beyond 2 MiB is refused with the reason, and the link goes on', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen(frame => frames.push(frame));
  const link = openLink({dial: agent.dial});
  const large = {...plainSpec, env: Array.from({length: 21}, () => `A=${'x'.repeat(100_000)}`)};
  await link.ready();

  expect(() => link.exec(large)).toThrow(/at most 2097152/);
  await expect(link.start(large)).rejects.toMatchObject({code: 'E2BIG'});
  expect(frames.map(frame => frame.type)).toEqual([frameType.hello]);
  link.close();
});

test('the text of an error is bounded and cannot move the cursor', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    const fields = new FieldReader(frame.payload, 'request');
    if (frame.type !== frameType.message) return;
    fields.u8();
    self.message(
      0,
      messageType.error,
      new FieldWriter()
        .u32(fields.u32())
        .u8(1)
        .u32(3)
        .bytes(`\u001b[2J\u202e${'x'.repeat(9000)}`),
    );
  });
  const link = openLink({dial: agent.dial});

  const error = await link.signal(9).catch((reason: unknown) => reason);
  expect(error).toMatchObject({code: 'ESRCH'});
  const {message} = error as Error;
  expect(message.startsWith('\\u{1b}[2J\\u{202e}xxx')).toBe(true);
  expect(message.length).toBeLessThan(4200);
  link.close();
});
