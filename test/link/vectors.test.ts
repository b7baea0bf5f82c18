import {expect, test} from 'vitest';

import {applyPayload} from '../../src/link/apply.ts';
import {dialPayload} from '../../src/link/dial-stream.ts';
import {AgentError} from '../../src/link/errors.ts';
import {execPayload} from '../../src/link/exec-stream.ts';
import {FieldReader, FieldWriter} from '../../src/link/fields.ts';
import {encodeEntry, readEntry, type FileEntry} from '../../src/link/file-entries.ts';
import {encodeFrame, frameBlocks, frameOf, frameType, type Frame} from '../../src/link/frames.ts';
import {LinkStream} from '../../src/link/link-stream.ts';
import {MainProcess} from '../../src/link/main-process.ts';
import {
  helloPayload,
  messageType,
  readProblem,
  readState,
  readWelcome,
  type ProcessSpec,
} from '../../src/link/messages.ts';
import {nameFromBytes} from '../../src/link/names.ts';
import {outputPayload, type OutputOptions} from '../../src/link/output-stream.ts';
import {SpoolRecords} from '../../src/link/spool-records.ts';
import {stdinPayload} from '../../src/link/stdin-stream.ts';
import {StreamReader} from '../../src/link/stream-reader.ts';
import {walkPayload} from '../../src/link/walk.ts';
import {readVectors, Values, type Vector} from './vectors.ts';

const vectors = readVectors();
const fromDaemon = vectors.filter(
  vector =>
    ['HELLO', 'ACK', 'PING', 'PONG', 'OPEN', 'DATA', 'EOF', 'RESET', 'WINDOW'].includes(vector.what) &&
    vector.values.get('flags') !== 2n,
);
const requests = vectors.filter(vector => ['START', 'SIGNAL', 'RESIZE', 'KILL'].includes(vector.message));
const answers = vectors.filter(vector => vector.what === 'MSG' && !requests.includes(vector));

test('there are vectors of every kind', () => {
  expect(fromDaemon.length).toBeGreaterThan(20);
  expect(requests.length).toBeGreaterThan(5);
  expect(answers.length).toBeGreaterThan(7);
});

test.each(vectors.filter(vector => !['RECORD', 'ENTRY'].includes(vector.what)))(
  '$name is one frame, also when it comes byte by byte',
  vector => {
    const whole = [...frameBlocks().push(vector.bytes)];
    const blocks = frameBlocks();
    const single = [...vector.bytes].flatMap(byte => [...blocks.push(Buffer.of(byte))]);

    expect(whole).toEqual([vector.bytes]);
    expect(single).toEqual([vector.bytes]);
    expect(frameOf(vector.bytes).stream).toBe(new Values(vector).number('stream'));
  },
);

test.each(fromDaemon)('$name is what we write', vector => {
  const values = new Values(vector);
  const type = frameType[vector.what.toLowerCase() as keyof typeof frameType];
  const flags = vector.what === 'DATA' ? values.number('flags') : 0;

  expect(encodeFrame(type, values.number('stream'), payloadFor(vector, values), flags).toString('hex')).toBe(
    vector.bytes.toString('hex'),
  );
});

test.each(requests)('$name is what a request writes', async vector => {
  const values = new Values(vector);
  expect((await requestFor(vector, values)).toString('hex')).toBe(vector.bytes.toString('hex'));
});

test.each(vectors.filter(vector => vector.what === 'WELCOME'))('$name is read', vector => {
  const values = new Values(vector);
  expect(readWelcome(frameOf(vector.bytes).payload)).toEqual({
    version: 1,
    resumed: values.number('resumed') === 1,
    received: values.number('received'),
    state: stateOf(values),
  });
});

test.each(answers)('$name is read', vector => {
  const values = new Values(vector);
  const fields = new FieldReader(frameOf(vector.bytes).payload, 'message');
  const message = fields.u8();
  switch (message) {
    case messageType.ok:
      expect(fields.u32()).toBe(values.number('request'));
      if (values.has('pid'))
        expect([fields.u32(), fields.u64()]).toEqual([values.number('pid'), values.big('started')]);
      break;
    case messageType.error:
      expect(fields.u32()).toBe(values.number('request'));
      expectProblem(fields, values);
      break;
    case messageType.failed:
      expectProblem(fields, values);
      break;
    case messageType.exited:
      expect(readState(fields)).toEqual(stateOf(values));
      break;
    case messageType.started:
      expect([fields.u32(), fields.u64()]).toEqual([values.number('pid'), values.big('started')]);
      break;
    case messageType.exit:
      expect(fields.u32()).toBe(values.number('exit_code'));
      break;
    case messageType.done:
      expect(fields.u64()).toBe(values.big('entries'));
      break;
    default:
      expect(message).toBe(messageType.connected);
  }
  fields.end();
});

test.each(vectors.filter(vector => vector.what === 'RECORD'))('$name is read, however it is cut', vector => {
  const values = new Values(vector);
  const record = {channel: values.number('channel'), time: values.big('time'), bytes: values.bytes('bytes')};

  expect([...new SpoolRecords().push(vector.bytes)]).toEqual([record]);
  const records = new SpoolRecords();
  expect([...vector.bytes].flatMap(byte => [...records.push(Buffer.of(byte))])).toEqual([record]);
});

test.each(vectors.filter(vector => vector.what === 'ENTRY'))('$name is read and written', async vector => {
  const values = new Values(vector);
  const reader = readerOf(vector.bytes);
  const entry = await readEntry(reader);
  const xattrs = values.list('xattrs');
  const expected: FileEntry = {
    type: values.text('type') as FileEntry['type'],
    mode: values.number('mode'),
    uid: values.number('uid'),
    gid: values.number('gid'),
    mtime: values.big('mtime'),
    size: values.number('size'),
    rdev: values.big('rdev'),
    path: values.text('path'),
    link: values.text('link'),
    xattrs: xattrs.length === 0 ? [] : [{name: String(xattrs[0]), value: Buffer.from(xattrs[1] ?? '')}],
  };
  expect(entry).toEqual(expected);

  const content = values.has('content')
    ? Buffer.concat([values.bytes('content'), Buffer.of(values.number('status'))])
    : Buffer.alloc(0);
  expect(Buffer.concat([encodeEntry(expected), content]).toString('hex')).toBe(vector.bytes.toString('hex'));
});

function payloadFor(vector: Vector, values: Values): Buffer {
  switch (vector.what) {
    case 'HELLO':
      return helloPayload(values.bytes('session'), values.big('received'));
    case 'ACK':
      return new FieldWriter().u64(values.big('received')).finish();
    case 'PING':
    case 'PONG':
      return new FieldWriter().u64(values.big('any')).finish();
    case 'DATA':
      return values.bytes('bytes');
    case 'RESET':
      return new FieldWriter().u32(values.number('errno')).bytes(values.bytes('text')).finish();
    case 'WINDOW':
      return new FieldWriter().u32(values.number('more')).finish();
    case 'OPEN':
      return openPayload(vector, values);
    default:
      return Buffer.alloc(0);
  }
}

function openPayload(vector: Vector, values: Values): Buffer {
  const flag = (bit: number): boolean => (values.number('flags') & bit) !== 0;
  switch (vector.kind) {
    case 'STDIN':
      return stdinPayload({closeOnEnd: flag(1)});
    case 'OUTPUT': {
      const channels = (['stdout', 'stderr', 'both'] as const)[values.number('channels') - 1] ?? 'both';
      return outputPayload({
        channels,
        follow: flag(1),
        waitForRun: flag(2),
        keep: flag(4),
        from: fromOf(values),
      });
    }
    case 'EXEC':
      return execPayload(specOf(values));
    case 'DIAL':
      return dialPayload(values.number('port'), values.text('host'));
    case 'WALK':
      return walkPayload(nameFromBytes(values.bytes('path')), {
        followSymlink: flag(1),
        noChildren: flag(2),
        noContent: flag(4),
      });
    default:
      return applyPayload(values.text('path'), {keepKind: flag(1), keepOwner: flag(2)});
  }
}

function fromOf(values: Values): OutputOptions['from'] {
  const value = values.big('value');
  return (
    ([{at: 'start'}, {at: 'end'}, {tail: Number(value)}, {since: value}] as const)[values.number('from')] ?? {
      at: 'start',
    }
  );
}

function specOf(values: Values): ProcessSpec {
  const flag = (bit: number): boolean => (values.number('flags') & bit) !== 0;
  return {
    argv: values.list('argv').map(String),
    env: values.list('env').map(String),
    cwd: values.text('cwd'),
    user: values.text('user'),
    groups: values.list('groups').map(String),
    tty: flag(1),
    stdin: flag(2),
    stdinOnce: flag(4),
    detached: flag(8),
    rows: values.number('rows'),
    columns: values.number('columns'),
  };
}

/** The frame that the code behind `start`, `signal`, `resize` and an exec's messages sends, with the vector's request or stream put in its place. */
async function requestFor(vector: Vector, values: Values): Promise<Buffer> {
  const frames: Frame[] = [];
  const send = (frame: {type: Frame['type']; stream: number; payload: Buffer}): void =>
    void frames.push({flags: 0, ...frame});
  if (values.number('stream') !== 0) {
    const stream = new LinkStream(
      values.number('stream'),
      {send, await: () => {}, gone: () => {}},
      {channels: [], onReadable: () => {}, onFailed: () => {}},
    );
    if (vector.message === 'KILL')
      stream.message(messageType.kill, new FieldWriter().u8(values.number('signal')));
    else
      stream.message(
        messageType.resize,
        new FieldWriter().u16(values.number('rows')).u16(values.number('columns')),
      );
  } else {
    const main = new MainProcess({send}, () => {});
    if (vector.message === 'START') void main.start(specOf(values));
    else if (vector.message === 'SIGNAL') void main.signal(values.number('signal'));
    else void main.resize(values.number('rows'), values.number('columns'));
    frames[0]?.payload.writeUInt32BE(values.number('request'), 1);
  }
  const [frame] = frames;
  if (frame === undefined) throw new Error('nothing was sent');
  return encodeFrame(frame.type, frame.stream, frame.payload);
}

function stateOf(values: Values): unknown {
  return {
    phase: ['held', 'running', 'exited'][values.number('phase')],
    run: values.number('run'),
    pid: values.number('pid'),
    startedAt: values.big('started'),
    finishedAt: values.big('finished'),
    exitCode: values.number('exit_code'),
    oomKilled: values.number('oom_killed') === 1,
    spoolEnd: values.big('spool_end'),
  };
}

function expectProblem(fields: FieldReader, values: Values): void {
  const problem = readProblem(fields);
  expect(problem).toBeInstanceOf(AgentError);
  expect({stage: problem.stage, errno: problem.errno, text: problem.message}).toEqual({
    stage: values.number('stage'),
    errno: values.number('errno'),
    text: values.text('text'),
  });
}

function readerOf(bytes: Buffer): StreamReader {
  const stream = new LinkStream(
    1,
    {send: () => {}, await: () => {}, gone: () => {}},
    {channels: [0], onReadable: () => {}, onFailed: () => {}},
  );
  // One byte per frame: the worst cut there is.
  for (const byte of bytes)
    stream.receive({type: frameType.data, flags: 0, stream: 1, payload: Buffer.of(byte)});
  stream.receive({type: frameType.eof, flags: 0, stream: 1, payload: Buffer.alloc(0)});
  return new StreamReader(() => stream);
}
