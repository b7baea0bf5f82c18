import {once} from 'node:events';

import {expect, test} from 'vitest';

import {FieldWriter} from '../../src/link/fields.ts';
import {frameType} from '../../src/link/frames.ts';
import {openLink} from '../../src/link/link.ts';
import {messageType} from '../../src/link/messages.ts';
import {ScriptedAgent} from '../fakes/scripted-agent.ts';

test('a dialled connection echoes and ends each direction apart', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open) self.message(frame.stream, messageType.connected);
    if (frame.type === frameType.data) self.send(frameType.data, frame.stream, Buffer.from(frame.payload));
    if (frame.type === frameType.eof) self.send(frameType.eof, frame.stream);
  });
  const link = openLink({dial: agent.dial});
  const state = await link.ready();
  expect(state.phase).toBe('held');
  const stream = await link.dial(80);
  stream.write('hello');
  const [chunk] = await once(stream, 'data');
  expect(String(chunk)).toBe('hello');
  stream.end('bye');
  const rest: string[] = [];
  for await (const part of stream) rest.push(String(part));
  expect(rest.join('')).toBe('bye');
  link.close();
});

test('a start is answered', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.message)
      self.message(0, messageType.ok, new FieldWriter().u32(1).u32(7).u64(5n));
  });
  const link = openLink({dial: agent.dial});
  const started = await link.start({
    argv: ['a'],
    env: [],
    cwd: '',
    user: '',
    groups: [],
    tty: false,
    stdin: false,
    stdinOnce: false,
    detached: false,
    rows: 0,
    columns: 0,
  });
  expect(started).toEqual({pid: 7, startedAt: 5n});
  expect(link.state?.phase).toBe('running');
  link.close();
});
