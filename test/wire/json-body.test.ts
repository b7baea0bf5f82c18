import {expect, test} from 'vitest';
import {z} from 'zod';

import {parseJsonBody} from '../../src/wire/json-body.ts';
import {fieldNamesOf, spellKeys} from '../../src/wire/json-keys.ts';

test('an empty body is no value', () => {
  expect(parseJsonBody(Buffer.from(' \n'))).toBeUndefined();
});

// what Go 1.24's encoding/json says
test.each([
  ['{bad', "invalid character 'b' looking for beginning of object key string"],
  ['bad', "invalid character 'b' looking for beginning of value"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['tru!', "invalid character '!' in literal true (expecting 'e')"],
  ['01', "invalid character '1' after top-level value"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1e+x', "invalid character 'x' in exponent of numeric literal"],
  [String.raw`"\x"`, "invalid character 'x' in string escape code"],
  [String.raw`"\u12g4"`, String.raw`invalid character 'g' in \u hexadecimal character escape`],
  ['"a\nb"', String.raw`invalid character '\n' in string literal`],
  ['{"a":1', 'unexpected EOF'],
  ['"a', 'unexpected EOF'],
])('%j is refused: %s', (text, message) => {
  expect(() => parseJsonBody(Buffer.from(text))).toThrow(`invalid JSON: ${message}`);
});

test('a body of 10,000 levels is refused before it is parsed, whatever brackets its strings hold', () => {
  expect(() => parseJsonBody(Buffer.from('['.repeat(10_000)))).toThrow('nested more than 64 levels');
  expect(parseJsonBody(Buffer.from(JSON.stringify({a: '['.repeat(1000)})))).toEqual({a: '['.repeat(1000)});
});

const names = fieldNamesOf(
  z.object({
    Image: z.string().nullish(),
    Labels: z.record(z.string(), z.string()),
    HostConfig: z
      .object({Memory: z.number(), Ports: z.record(z.string(), z.array(z.object({HostPort: z.string()})))})
      .prefault({Memory: 1, Ports: {}}),
  }),
);

test('keys are read without regard to case, as Go does, and the keys of maps stay as they are', () => {
  const sent = {
    image: 'x',
    LABELS: {Image: '1', image: '2'},
    hostconfig: {memory: 1, ports: {'80/TCP': [{hostport: '1'}]}},
    other: 1,
  };

  expect(spellKeys(sent, names)).toEqual({
    Image: 'x',
    Labels: {Image: '1', image: '2'},
    HostConfig: {Memory: 1, Ports: {'80/TCP': [{HostPort: '1'}]}},
    other: 1,
  });
});

test('a field in two spellings is refused', () => {
  expect(() => spellKeys({hostConfig: {Memory: 1, memory: 2}}, names)).toThrow('"Memory" is there twice');
});

test('no key reaches a prototype', () => {
  expect(() => spellKeys(JSON.parse('{"HostConfig":{"__proto__":{"Memory":1}}}'), names)).toThrow(
    '__proto__',
  );
  const spelt = spellKeys(JSON.parse('{"constructor":{"prototype":{"x":1}}}'), names);
  expect(spelt).toEqual({constructor: {prototype: {x: 1}}});
  expect('x' in {}).toBe(false);
});
