import {expect, test} from 'vitest';

import {type LinkLost, ProtocolViolation} from '../../src/link/errors.ts';
import {FieldReader, FieldWriter} from '../../src/link/fields.ts';
import {encodeFrame, frameType, type Frame, type FrameType} from '../../src/link/frames.ts';
import {openLink} from '../../src/link/link.ts';
import {messageType} from '../../src/link/messages.ts';
import {maxWhole, Parts, partsOf} from '../../src/link/parts.ts';
import {TestAgent} from '../agent/agent.ts';
import {dialSocket, ScriptedAgent} from '../fakes/scripted-agent.ts';
import {cutting} from './cutting.ts';
import {eager, plainSpec, textOf, until} from './fixtures.ts';

const CONTINUED = 0x80;

function part(type: FrameType, stream: number, payload: Buffer, flags = CONTINUED): Frame {
  return {type, stream, payload, flags};
}

test.each([
  [1, 1],
  [65_535, 1],
  [65_536, 2],
  [131_070, 2],
  [131_071, 3],
  [maxWhole, 33],
])('a message of %i bytes goes in %i frames and comes out the same', (size, count) => {
  const payload = Buffer.alloc(size, 'abcdefg');
  const frames = partsOf({type: frameType.message, stream: 0, payload});
  const parts = new Parts();

  const taken = frames.map(frame => parts.take({flags: 0, ...frame}));

  expect(frames.length).toBe(count);
  expect(taken.slice(0, -1).every(frame => frame === undefined)).toBe(true);
  expect(taken.at(-1)?.payload.equals(payload)).toBe(true);
});

test('only OPEN and MSG go in parts, and not beyond 2 MiB', () => {
  const payload = Buffer.alloc(65_536);
  expect(() => partsOf({type: frameType.data, stream: 1, payload})).toThrow(RangeError);
  expect(() => partsOf({type: frameType.open, stream: 1, payload: Buffer.alloc(maxWhole + 1)})).toThrow(
    RangeError,
  );
});

test.each([
  ['an empty part', [part(frameType.message, 0, Buffer.alloc(0))]],
  ['another type', [part(frameType.message, 1, Buffer.of(1)), part(frameType.data, 1, Buffer.of(1), 1)]],
  ['an end', [part(frameType.message, 1, Buffer.of(1)), part(frameType.eof, 1, Buffer.alloc(0), 0)]],
  ['a second', [part(frameType.message, 1, Buffer.of(1)), part(frameType.message, 3, Buffer.of(1))]],
  ['endless parts', Array.from({length: 34}, () => part(frameType.message, 1, Buffer.alloc(65_535)))],
  [
    'a byte beyond 2 MiB',
    [
      ...Array.from({length: 32}, () => part(frameType.message, 1, Buffer.alloc(65_535))),
      part(frameType.message, 1, Buffer.alloc(33), 0),
    ],
  ],
])('%s between or in the parts of a message is a violation', (_, frames) => {
  const parts = new Parts();
  expect(() => frames.forEach(frame => parts.take(frame))).toThrow(ProtocolViolation);
});

test('an answer that comes in parts is read, also when the connection is cut between them', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type !== frameType.message) return;
    const fields = new FieldReader(frame.payload, 'request');
    fields.u8();
    const payload = new FieldWriter()
      .u8(messageType.error)
      .u32(fields.u32())
      .u8(1)
      .u32(3)
      .bytes('in parts')
      .finish();
    const [first, second, ...rest] = partsOf({type: frameType.message, stream: 0, payload}, 7);
    if (first === undefined || second === undefined) throw new Error('it is not in parts');
    self.send(first.type, 0, first.payload, first.flags);
    self.send(second.type, 0, second.payload, second.flags);
    self.cut();
    for (const {type, flags, payload: bytes} of rest) self.send(type, 0, bytes, flags);
  });
  const link = openLink({dial: agent.dial, backoff: eager});

  await expect(link.signal(9)).rejects.toMatchObject({code: 'ESRCH', message: 'in parts'});
  expect(agent.connections).toBeGreaterThan(1);
  link.close();
});

test('an agent that goes on without end loses its session, and the next begins with nothing joined', async () => {
  await using agent = await ScriptedAgent.listen();
  const link = openLink({dial: agent.dial, backoff: eager});
  const reset = new Promise<LinkLost>(resolve => link.onReset(resolve));
  await link.ready();

  for (let index = 0; index < 40; index += 1)
    agent.raw(encodeFrame(frameType.message, 0, Buffer.alloc(65_535, 0x42), CONTINUED));

  expect((await reset).cause).toBeInstanceOf(ProtocolViolation);
  await until(() => link.connected);
  const signal = link.signal(9);
  agent.message(0, messageType.ok, new FieldWriter().u32(1));
  await signal;
  link.close();
});

test('a spec of 1.5 MB reaches the agent over connections that are cut within it, once', async () => {
  await using agent = await TestAgent.start();
  let cuts = 30;
  const link = openLink({
    backoff: eager,
    dial: async () => {
      const socket = await dialSocket(`${agent.directory}/agent.sock`);
      return cuts-- > 0 ? cutting(socket, 40 + Math.floor(Math.random() * 300_000)) : socket;
    },
  });
  const resets: LinkLost[] = [];
  link.onReset(error => resets.push(error));
  const env = ['PATH=/usr/bin:/bin', ...Array.from({length: 1500}, (_, i) => `V${i}=`.padEnd(1000, 'x'))];
  const spec = {...plainSpec, stdin: false, env};

  const exec = link.exec({...spec, argv: ['sh', '-c', 'env | grep -c ^V']});
  expect(await textOf(exec.output)).toBe('1:1500\n');
  const exit = new Promise(resolve => link.onExit(state => resolve(state.exitCode)));
  await link.start({...spec, argv: ['sh', '-c', '[ $(env | grep -c ^V) = 1500 ] && exit 5']});

  expect(await exit).toBe(5);
  expect(link.state?.run).toBe(1);
  expect(cuts).toBeLessThan(25);
  expect(resets).toEqual([]);
  link.close();
});

test('what execve does not take is the program’s failure, told by its own name', async () => {
  await using agent = await TestAgent.start();
  const link = openLink({dial: () => dialSocket(`${agent.directory}/agent.sock`)});
  const large = {...plainSpec, argv: ['true', 'x'.repeat(200_000)]};
  const refused = {name: 'AgentError', stage: 4, errno: 7, code: 'E2BIG'};

  await expect(link.exec(large).started).rejects.toMatchObject(refused);
  await expect(link.start(large)).rejects.toMatchObject(refused);
  link.close();
});
