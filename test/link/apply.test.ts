import {expect, test, vi} from 'vitest';

import {FieldWriter} from '../../src/link/fields.ts';
import {encodeEntry, type FileEntry} from '../../src/link/file-entries.ts';
import {frameType, type Frame} from '../../src/link/frames.ts';
import {openLink, type AppliedEntry} from '../../src/link/link.ts';
import {messageType} from '../../src/link/messages.ts';
import {ScriptedAgent} from '../fakes/scripted-agent.ts';

const plain: FileEntry = {
  type: 'f',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 1n,
  size: 0,
  rdev: 0n,
  path: '',
  link: '',
  xattrs: [],
};

test('apply writes entries with their content and resolves with the number that the agent tells', async () => {
  const frames: Frame[] = [];
  await using agent = await ScriptedAgent.listen((frame, self) => {
    frames.push({...frame, payload: Buffer.from(frame.payload)});
    if (frame.type === frameType.data)
      self.send(frameType.window, frame.stream, new FieldWriter().u32(frame.payload.length).finish());
    if (frame.type === frameType.eof) self.message(frame.stream, messageType.done, new FieldWriter().u64(2));
  });
  const link = openLink({dial: agent.dial});
  const big = {...plain, path: 'big', size: 600_000};
  const small = {...plain, path: 'näme', size: 3};

  const count = await link.apply(
    '/x',
    {},
    entriesOf([
      {...big, content: chunks(600_000)},
      {...small, content: entriesOf([Buffer.from('abc')])},
    ]),
  );

  expect(count).toBe(2n);
  const sent = Buffer.concat(
    frames.filter(frame => frame.type === frameType.data).map(frame => frame.payload),
  );
  expect(
    sent.equals(
      Buffer.concat([
        encodeEntry(big),
        Buffer.alloc(600_000, 'x'),
        Buffer.of(0),
        encodeEntry(small),
        Buffer.from('abc\0'),
      ]),
    ),
  ).toBe(true);
  link.close();
});

test('an agent that cannot write rejects apply at once, also while a write waits', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.data)
      self.send(frameType.reset, frame.stream, new FieldWriter().u32(28).bytes('/x/big').finish());
  });
  const link = openLink({dial: agent.dial});
  const entries = entriesOf([{...plain, path: 'big', size: 9_000_000, content: chunks(9_000_000)}]);

  await expect(link.apply('/x', {}, entries)).rejects.toMatchObject({
    code: 'ENOSPC',
    message: 'ENOSPC: /x/big',
  });
  link.close();
});

test('an agent that cannot write rejects apply also while the source makes us wait', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.data)
      self.send(frameType.reset, frame.stream, new FieldWriter().u32(28).bytes('').finish());
  });
  const link = openLink({dial: agent.dial});
  const applying = link.apply(
    '/x',
    {},
    entriesOf([{...plain, path: 'big', size: 100_000, content: stuckAfter(40_000)}]),
  );

  await expect(applying).rejects.toMatchObject({code: 'ENOSPC'});
  link.close();
});

test('content that is shorter or longer than its size ends apply and resets it', async () => {
  const types: number[] = [];
  await using agent = await ScriptedAgent.listen(frame => types.push(frame.type));
  const link = openLink({dial: agent.dial});

  await expect(link.apply('/x', {}, entriesOf([{...plain, size: 5, content: chunks(4)}]))).rejects.toThrow(
    '1 bytes before',
  );
  await expect(link.apply('/x', {}, entriesOf([{...plain, size: 5, content: chunks(6)}]))).rejects.toThrow(
    'more than the 5',
  );
  await vi.waitUntil(() => types.filter(type => type === frameType.reset).length === 2);
  link.close();
});

async function* entriesOf<T extends AppliedEntry | Buffer>(items: T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

async function* chunks(size: number): AsyncGenerator<Buffer, void, undefined> {
  for (let left = size; left > 0; left -= 50_000) yield Buffer.alloc(Math.min(left, 50_000), 'x');
}

async function* stuckAfter(size: number): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.alloc(size);
  await new Promise(() => {});
}
