import {finished} from 'node:stream/promises';

import {expect, test} from 'vitest';

import {frameType, type Frame} from '../../src/link/frames.ts';
import {openLink, type OutputRecord} from '../../src/link/link.ts';
import {ScriptedAgent} from '../fakes/scripted-agent.ts';
import {wholeOutput, until, record} from './fixtures.ts';

test('output is read record by record, however it was cut, and its gaps are told', async () => {
  const records = Buffer.concat([
    record(1, 5n, Buffer.from('one\n')),
    record(0, 6n, Buffer.from('0000000000000100', 'hex')),
    record(2, 7n, Buffer.from('two')),
  ]);
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type !== frameType.open) return;
    for (const byte of records) self.send(frameType.data, frame.stream, Buffer.of(byte));
    self.send(frameType.eof, frame.stream);
  });
  const link = openLink({dial: agent.dial});

  const read: OutputRecord[] = await link.output(wholeOutput).toArray();

  expect(read).toEqual([
    {channel: 1, time: 5n, bytes: Buffer.from('one\n')},
    {channel: 0, time: 6n, bytes: Buffer.from('0000000000000100', 'hex')},
    {channel: 2, time: 7n, bytes: Buffer.from('two')},
  ]);
  link.close();
});

test('output that is closed early resets its stream', async () => {
  const types: number[] = [];
  await using agent = await ScriptedAgent.listen((frame, self) => {
    types.push(frame.type);
    if (frame.type === frameType.open)
      self.send(frameType.data, frame.stream, record(1, 1n, Buffer.from('x')));
  });
  const link = openLink({dial: agent.dial});
  for await (const _ of link.output(wholeOutput)) break;

  await until(() => types.includes(frameType.reset));
  expect(types.slice(1)).toEqual([frameType.open, frameType.eof, frameType.reset]);
  link.close();
});

test('stdin of a process that has ended fails with EPIPE; ended properly it is left to the agent', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen((frame, self) => {
    frames.push(frame);
    if (frame.type === frameType.data && String(frame.payload) === 'die')
      self.send(frameType.eof, frame.stream);
  });
  const link = openLink({dial: agent.dial});
  const ending = link.stdin({closeOnEnd: true});
  ending.end('all');
  await finished(ending);
  const dying = link.stdin({closeOnEnd: false});
  dying.write('die');

  await expect(finished(dying)).rejects.toMatchObject({code: 'EPIPE'});
  expect(frames.filter(frame => frame.stream === 1).map(frame => frame.type)).toEqual([
    frameType.open,
    frameType.data,
    frameType.eof,
  ]);
  link.close();
});
