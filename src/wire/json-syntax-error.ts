/**
 * What is wrong with a text that `JSON.parse` refused, in the words of Go's encoding/json: clients and people know them from dockerd.
 */
export function jsonSyntaxError(text: string): string {
  try {
    const end = space(text, value(text, space(text, 0)));
    if (end < text.length) fail(text, end, 'after top-level value');
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message;
    throw error;
  }
  return 'invalid syntax';
}

class SyntaxProblem extends Error {}

/** Each reader takes the place where its thing begins and returns the place after it. */
function value(text: string, at: number): number {
  const character = text[at];
  if (character === '{') return object(text, at + 1);
  if (character === '[') return array(text, at + 1);
  if (character === '"') return string(text, at + 1);
  if (character === 't') return literal(text, at, 'true');
  if (character === 'f') return literal(text, at, 'false');
  if (character === 'n') return literal(text, at, 'null');
  if (character === '-' || isDigit(character)) return number(text, at);
  return fail(text, at, 'looking for beginning of value');
}

function object(text: string, start: number): number {
  let at = space(text, start);
  if (text[at] === '}') return at + 1;
  for (;;) {
    if (text[at] !== '"') fail(text, at, 'looking for beginning of object key string');
    at = space(text, string(text, at + 1));
    if (text[at] !== ':') fail(text, at, 'after object key');
    at = space(text, value(text, space(text, at + 1)));
    if (text[at] === '}') return at + 1;
    if (text[at] !== ',') fail(text, at, 'after object key:value pair');
    at = space(text, at + 1);
  }
}

function array(text: string, start: number): number {
  let at = space(text, start);
  if (text[at] === ']') return at + 1;
  for (;;) {
    at = space(text, value(text, at));
    if (text[at] === ']') return at + 1;
    if (text[at] !== ',') fail(text, at, 'after array element');
    at = space(text, at + 1);
  }
}

function string(text: string, start: number): number {
  for (let at = start; ; at++) {
    const character = text[at];
    if (character === '"') return at + 1;
    if (character === undefined || character < ' ') fail(text, at, 'in string literal');
    if (character !== '\\') continue;
    at++;
    if (text[at] === 'u') at = hexDigits(text, at + 1);
    else if (!'"\\/bfnrt'.includes(text[at] ?? '_')) fail(text, at, 'in string escape code');
  }
}

/** Returns the place of the last of four. */
function hexDigits(text: string, start: number): number {
  for (let at = start; at < start + 4; at++) {
    if (!/[0-9a-fA-F]/.test(text[at] ?? '')) fail(text, at, String.raw`in \u hexadecimal character escape`);
  }
  return start + 3;
}

function literal(text: string, start: number, word: string): number {
  for (let index = 1; index < word.length; index++) {
    if (text[start + index] !== word[index])
      fail(text, start + index, `in literal ${word} (expecting ${quoted(word[index])})`);
  }
  return start + word.length;
}

function number(text: string, start: number): number {
  let at = text[start] === '-' ? start + 1 : start;
  if (!isDigit(text[at])) fail(text, at, 'in numeric literal');
  at = text[at] === '0' ? at + 1 : digits(text, at);
  if (text[at] === '.') {
    if (!isDigit(text[at + 1])) fail(text, at + 1, 'after decimal point in numeric literal');
    at = digits(text, at + 1);
  }
  if (text[at] === 'e' || text[at] === 'E') {
    at += text[at + 1] === '+' || text[at + 1] === '-' ? 2 : 1;
    if (!isDigit(text[at])) fail(text, at, 'in exponent of numeric literal');
    at = digits(text, at);
  }
  return at;
}

function digits(text: string, start: number): number {
  let at = start;
  while (isDigit(text[at])) at++;
  return at;
}

function space(text: string, start: number): number {
  let at = start;
  while (' \t\r\n'.includes(text[at] ?? '_')) at++;
  return at;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}

function fail(text: string, at: number, context: string): never {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  throw new SyntaxProblem(
    at >= text.length ? 'unexpected EOF' : `invalid character ${quoted(character)} ${context}`,
  );
}

/** As Go's quoteChar. */
function quoted(character: string | undefined): string {
  if (character === "'") return String.raw`'\''`;
  if (character === '"') return `'"'`;
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}
