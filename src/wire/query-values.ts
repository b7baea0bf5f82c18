import {InvalidRequest} from '../errors.ts';

/** Reads one value of a query: undefined when the key is absent. */
export type QueryValue<Value> = (text: string | undefined, name: string) => Value;

const falseWords = new Set(['', '0', 'no', 'false', 'none']);

/** Docker's boolean: absent, empty, 0, no, false and none, in any case, are false; everything else is true. */
export function flag(text: string | undefined): boolean {
  return text !== undefined && !falseWords.has(text.trim().toLowerCase());
}

/** The text, undefined when it is empty. */
export function optionalText(text: string | undefined): string | undefined {
  return text || undefined;
}

/** A whole number, undefined when it is empty. */
export function optionalInteger(text: string | undefined, name: string): number | undefined {
  if (!text) return undefined;
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidRequest(`invalid ${name} ${JSON.stringify(text)}: invalid syntax`);
  }
  return value;
}

/** `tail` of logs: lines from the end; undefined = all, which is also what junk and a negative number mean to Docker. */
export function tail(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** `limit` of a list: 0 and negative numbers mean all. */
export function limit(text: string | undefined, name: string): number | undefined {
  const value = optionalInteger(text, name);
  return value === undefined || value <= 0 ? undefined : value;
}

/** `h` and `w` of a resize, in characters. `what` is the word in the error: height or width. */
export function terminalLength(what: 'height' | 'width'): QueryValue<number> {
  return (text = '') => {
    if (!/^\d+$/.test(text))
      throw new InvalidRequest(`invalid resize ${what} ${JSON.stringify(text)}: invalid syntax`);
    const value = Number(text);
    // the kernel keeps it in 16 bits
    if (value > 0xffff)
      throw new InvalidRequest(`invalid resize ${what} ${JSON.stringify(text)}: value out of range`);
    return value;
  };
}
