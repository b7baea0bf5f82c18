import {expect, test} from 'vitest';

import {FieldWriter} from '../../src/link/fields.ts';
import {encodeEntry, type FileEntry} from '../../src/link/file-entries.ts';
import {frameType} from '../../src/link/frames.ts';
import {openLink, type WalkOptions} from '../../src/link/link.ts';
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
