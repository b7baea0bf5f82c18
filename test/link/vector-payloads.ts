import {applyPayload} from '../../src/link/apply.ts';
import {dialPayload} from '../../src/link/dial-stream.ts';
import {execPayload} from '../../src/link/exec-stream.ts';
import {FieldWriter} from '../../src/link/fields.ts';
import type {Frame} from '../../src/link/frames.ts';
import {LinkStream} from '../../src/link/link-stream.ts';
import {MainProcess} from '../../src/link/main-process.ts';
import {helloPayload, messageType, type ProcessSpec} from '../../src/link/messages.ts';
import {nameFromBytes} from '../../src/link/names.ts';
import {outputPayload, type OutputOptions} from '../../src/link/output-stream.ts';
import {stdinPayload} from '../../src/link/stdin-stream.ts';
import {walkPayload} from '../../src/link/walk.ts';
import type {Values, Vector} from './vectors.ts';

/** The payload that our code writes for a vector's frame. */
export function payloadFor(vector: Vector, values: Values): Buffer {
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
export async function requestFor(vector: Vector, values: Values): Promise<Frame> {
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
  return frame;
}
