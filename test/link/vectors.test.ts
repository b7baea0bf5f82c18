import {expect, test} from 'vitest';

import {encodeEntry, readEntry, type FileEntry} from '../../src/link/file-entries.ts';
import {encodeFrame, frameBlocks, frameOf, frameType, type Frame} from '../../src/link/frames.ts';
import {LinkStream} from '../../src/link/link-stream.ts';
import {readWelcome} from '../../src/link/messages.ts';
import {Parts, partsOf} from '../../src/link/parts.ts';
import {SpoolRecords} from '../../src/link/spool-records.ts';
import {StreamReader} from '../../src/link/stream-reader.ts';
import {readAnswer, answerOf, stateOf} from './vector-answers.ts';
import {payloadFor, requestFor} from './vector-payloads.ts';
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

test.each(vectors.filter(vector => vector.part !== undefined))('$name is joined', vector => {
  const parts = new Parts();
  const taken = Array.from(frameBlocks().push(vector.bytes), block => parts.take(frameOf(block)));

  const {length} = wholeOf(vector).payload;
  expect(taken.length).toBe(Math.ceil(length / (vector.part ?? length)));
  expect(taken.findIndex(whole => whole !== undefined)).toBe(taken.length - 1);
});

test.each(vectors.filter(vector => !['RECORD', 'ENTRY'].includes(vector.what) && vector.part === undefined))(
  '$name is one frame, also when it comes byte by byte',
  vector => {
    const whole = [...frameBlocks().push(vector.bytes)];
    const blocks = frameBlocks();
    const single = Array.from(vector.bytes, byte => Array.from(blocks.push(Buffer.of(byte)))).flat();

    expect(whole).toEqual([vector.bytes]);
    expect(single).toEqual([vector.bytes]);
    expect(frameOf(vector.bytes).stream).toBe(new Values(vector).number('stream'));
  },
);

test.each(fromDaemon)('$name is what we write', vector => {
  const values = new Values(vector);
  const type = frameType[vector.what.toLowerCase() as keyof typeof frameType];
  const flags = vector.what === 'DATA' ? values.number('flags') : 0;

  const sent = {type, stream: values.number('stream'), payload: payloadFor(vector, values), flags};
  expect(encoded(sent, vector)).toBe(vector.bytes.toString('hex'));
});

test.each(requests)('$name is what a request writes', async vector => {
  const values = new Values(vector);
  expect(encoded(await requestFor(vector, values), vector)).toBe(vector.bytes.toString('hex'));
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
  expect(readAnswer(wholeOf(vector).payload)).toEqual(answerOf(vector, new Values(vector)));
});

test.each(vectors.filter(vector => vector.what === 'RECORD'))('$name is read, however it is cut', vector => {
  const values = new Values(vector);
  const record = {channel: values.number('channel'), time: values.big('time'), bytes: values.bytes('bytes')};

  expect([...new SpoolRecords().push(vector.bytes)]).toEqual([record]);
  const records = new SpoolRecords();
  expect(Array.from(vector.bytes, byte => Array.from(records.push(Buffer.of(byte)))).flat()).toEqual([
    record,
  ]);
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

/** What the session puts on the wire for a frame, in parts of the vector's size. */
function encoded(
  frame: Pick<Frame, 'type' | 'stream' | 'payload'> & {flags?: number},
  vector: Vector,
): string {
  return partsOf(frame, vector.part)
    .map(part => encodeFrame(part.type, part.stream, part.payload, part.flags).toString('hex'))
    .join('');
}

/** The vector's frame, its parts joined. */
function wholeOf(vector: Vector): Frame {
  const parts = new Parts();
  const whole = Array.from(frameBlocks().push(vector.bytes), block => parts.take(frameOf(block))).at(-1);
  if (whole === undefined) throw new Error(`${vector.name} ends within its parts`);
  return whole;
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
