import {expect, test, vi} from 'vitest';

import {FieldWriter} from '../../src/link/fields.ts';
import {encodeEntry, type FileEntry} from '../../src/link/file-entries.ts';
import {frameType, type Frame} from '../../src/link/frames.ts';
import {openLink, type AppliedEntry, type WalkOptions} from '../../src/link/link.ts';
import {messageType} from '../../src/link/messages.ts';
import {nameFromBytes, nameToBytes} from '../../src/link/names.ts';
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

/** An agent whose walk gives these bytes and tells this number of entries. */
async function walking(bytes: Buffer, told: number | undefined): Promise<ScriptedAgent> {
  return await ScriptedAgent.listen((frame, self) => {
    if (frame.type !== frameType.open) return;
    for (let at = 0; at < bytes.length; at += 1000)
      self.send(frameType.data, frame.stream, bytes.subarray(at, at + 1000));
    if (told !== undefined) self.message(frame.stream, messageType.done, new FieldWriter().u64(told));
    self.send(frameType.eof, frame.stream);
  });
}

async function walked(agent: ScriptedAgent, options?: WalkOptions): Promise<string[]> {
  const link = openLink({dial: agent.dial});
  const seen: string[] = [];
  try {
    for await (const entry of link.walk('/x', options)) {
      let content = '';
      for await (const bytes of entry.content) content += bytes.toString();
      seen.push(
        `${entry.type} ${entry.path}${entry.link && ` -> ${entry.link}`} ${content}${entry.contentError?.code ?? ''}`,
      );
    }
  } finally {
    link.close();
  }
  return seen;
}

test('a walk gives each entry with its content, and why a file could not be read to its end', async () => {
  const bytes = Buffer.concat([
    encodeEntry({...plain, type: 'd'}),
    encodeEntry({...plain, path: 'a', size: 3, xattrs: [{name: 'user.x', value: Buffer.from('1')}]}),
    Buffer.from('abc\0'),
    encodeEntry({...plain, type: 'l', path: 'b/c', link: '../../../etc/passwd'}),
    encodeEntry({...plain, type: 'h', path: 'b/d', link: 'a'}),
    encodeEntry({...plain, path: 'e', size: 2}),
    Buffer.from('x\0\x05'),
  ]);
  await using agent = await walking(bytes, 5);

  expect(await walked(agent)).toEqual([
    'd  ',
    'f a abc',
    'l b/c -> ../../../etc/passwd ',
    'h b/d -> a ',
    'f e x\0EIO',
  ]);
});

test('content that is not read is skipped', async () => {
  const bytes = Buffer.concat([
    encodeEntry({...plain, path: 'a', size: 2_000_000}),
    Buffer.alloc(2_000_001),
    encodeEntry({...plain, type: 'p', path: 'b'}),
  ]);
  await using agent = await walking(bytes.subarray(0, 900_000), undefined);
  await using whole = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open)
      self.send(frameType.data, frame.stream, encodeEntry({...plain, path: 'first', size: 10}));
  });
  const link = openLink({dial: whole.dial});
  for await (const entry of link.walk('/x')) {
    expect(entry.path).toBe('first');
    break;
  }
  link.close();
  await expect(walked(agent)).rejects.toThrow('early');
});

test('without content the sizes are told all the same', async () => {
  await using agent = await walking(
    Buffer.concat([encodeEntry({...plain, path: 'big', size: 2 ** 40}), encodeEntry({...plain, path: 'b'})]),
    2,
  );
  expect(await walked(agent, {noContent: true})).toEqual(['f big ', 'f b ']);
});

test('a path that does not exist rejects with ENOENT', async () => {
  await using agent = await ScriptedAgent.listen((frame, self) => {
    if (frame.type === frameType.open)
      self.send(frameType.reset, frame.stream, new FieldWriter().u32(2).bytes('/x').finish());
  });
  await expect(walked(agent)).rejects.toMatchObject({code: 'ENOENT'});
});

test.each(['/etc/passwd', '../x', 'a/../../x', 'a//b', './a', 'a/', 'a\0b', '..'])(
  'the path %j is a violation',
  async path => {
    await using agent = await walking(encodeEntry({...plain, type: 'd', path}), 1);
    await expect(walked(agent)).rejects.toMatchObject({name: 'ProtocolViolation'});
  },
);

test.each([
  ['a hard link to outside', encodeEntry({...plain, type: 'h', path: 'a', link: '../../etc/passwd'})],
  ['an unknown type', Buffer.concat([Buffer.from('?'), encodeEntry(plain).subarray(1)])],
  [
    'a size beyond all files',
    Buffer.from(
      encodeEntry(plain)
        .toString('hex')
        .replace(/^(.{42}).{16}/, '$1ffffffffffffffff'),
      'hex',
    ),
  ],
  ['an endless path', Buffer.concat([encodeEntry(plain).subarray(0, 37), Buffer.from('ffffffff', 'hex')])],
  ['endless attributes', Buffer.concat([encodeEntry(plain).subarray(0, 45), Buffer.from('fffffffe', 'hex')])],
  ['half an attribute', Buffer.concat([encodeEntry(plain).subarray(0, 45), Buffer.from('00000001', 'hex')])],
  ['half an entry', encodeEntry(plain).subarray(0, 20)],
])('%s is a violation', async (_, bytes) => {
  await using agent = await walking(bytes, 1);
  await expect(walked(agent)).rejects.toMatchObject({name: 'ProtocolViolation'});
});

test('a walk that ends without its number of entries is a violation', async () => {
  await using agent = await walking(encodeEntry({...plain, type: 'd'}), undefined);
  await expect(walked(agent)).rejects.toThrow('1 entries and said nothing');
});

test('a walk heeds its signal', async () => {
  await using agent = await ScriptedAgent.listen();
  await expect(walked(agent, {signal: AbortSignal.timeout(10)})).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});

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
  async function* slow(): AsyncGenerator<Buffer, void, undefined> {
    yield Buffer.alloc(40_000);
    await new Promise(() => {});
  }

  const applying = link.apply('/x', {}, entriesOf([{...plain, path: 'big', size: 100_000, content: slow()}]));

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

test.each(['plain', 'näme 日本', 'a\xff', '', '\xe4\xb8', 'x\xed\xa0\x80y'])(
  'the name %j survives as bytes',
  text => {
    for (const bytes of [Buffer.from(text, 'utf8'), Buffer.from(text, 'latin1')])
      expect(nameToBytes(nameFromBytes(bytes))).toEqual(bytes);
  },
);

async function* entriesOf<T extends AppliedEntry | Buffer>(items: T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

async function* chunks(size: number): AsyncGenerator<Buffer, void, undefined> {
  for (let left = size; left > 0; left -= 50_000) yield Buffer.alloc(Math.min(left, 50_000), 'x');
}
