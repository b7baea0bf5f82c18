import {expect, test} from 'vitest';

import {nameFromBytes, nameToBytes} from '../../src/link/names.ts';

test.each(['plain', 'näme 日本', 'a\xff', '', '\xe4\xb8', 'x\xed\xa0\x80y'])(
  'the name %j survives as bytes',
  text => {
    for (const bytes of [Buffer.from(text, 'utf8'), Buffer.from(text, 'latin1')])
      expect(nameToBytes(nameFromBytes(bytes))).toEqual(bytes);
  },
);
