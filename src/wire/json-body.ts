import {InvalidRequest} from '../errors.ts';
import {jsonSyntaxError} from './json-syntax-error.ts';

/** Docker's requests are some five levels deep; more is an attack on whoever walks the value. */
const deepest = 64;

/** Reads the body of a request. undefined: it is empty. Refuses bad JSON in Go's words. */
export function parseJsonBody(body: Buffer): unknown {
  const text = body.toString().trim();
  if (text === '') return undefined;
  requireShallow(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidRequest(`invalid JSON: ${jsonSyntaxError(text)}`);
  }
}

/** Before parsing: the depth of brackets outside of strings. */
function requireShallow(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === 0x5c) index++;
      else if (character === 0x22) inString = false;
    } else if (character === 0x22) inString = true;
    else if (character === 0x5b || character === 0x7b) {
      if (++depth > deepest)
        throw new InvalidRequest(`invalid JSON: nested more than ${deepest} levels deep`);
    } else if (character === 0x5d || character === 0x7d) depth--;
  }
}
