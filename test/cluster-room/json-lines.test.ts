import {expect, test} from 'vitest';

import {jsonLines} from '../../src/cluster/json-lines.ts';

test('lines are cut right however the bytes arrive, and an endless one is refused', async () => {
  const text = '{"a":"ä"}\n\n{"b":2}\n{"unfinished"';
  const whole = Buffer.from(text);
  const bytewise = Array.from(whole, byte => Buffer.from([byte]));

  await expect(collect([whole])).resolves.toEqual(['{"a":"ä"}', '{"b":2}']);
  await expect(collect(bytewise)).resolves.toEqual(['{"a":"ä"}', '{"b":2}']);
  await expect(collect([Buffer.alloc(600, 'x'), Buffer.alloc(600, 'x')])).rejects.toThrow(
    'more than 1000 bytes',
  );
});

async function collect(chunks: Buffer[]): Promise<string[]> {
  async function* source() {
    yield* chunks;
  }
  const lines: string[] = [];
  for await (const line of jsonLines(source(), 1000)) lines.push(line);
  return lines;
}
