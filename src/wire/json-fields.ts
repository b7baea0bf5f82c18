import {z} from 'zod';

/**
 * Fields of a request, as Go reads them: absent and `null` are the zero value. What reaches a command line or the kernel ends at a NUL, so none
 * is taken.
 */
const nulFree = z
  .string()
  .refine(value => !value.includes('\0'), {error: 'must not contain a NUL character'});

export function text() {
  return textOr('');
}

/** `fallback` also stands for an empty text. */
export function textOr(fallback: string) {
  return nulFree.nullish().transform(value => value || fallback);
}

export function flag() {
  return z
    .boolean()
    .nullish()
    .transform(value => value ?? false);
}

/** A whole number that JavaScript can hold exactly. */
export function whole() {
  return z.int();
}

export function count() {
  return whole()
    .nullish()
    .transform(value => value ?? 0);
}

export function strings(element: z.ZodType<string, string> = nulFree) {
  return z
    .array(element)
    .nullish()
    .transform(list => list ?? []);
}

/** Docker takes a single text for a list of one: `"Cmd": "sh"`. undefined = not given. */
export function stringsOrText() {
  return z
    .union([z.array(nulFree), nulFree.transform(value => [value])], {error: 'expected a list of strings'})
    .nullish()
    .transform(list => list ?? undefined);
}

export function record<Value extends z.ZodType>(value: Value) {
  return z
    .record(z.string(), value)
    .nullish()
    .transform(map => map ?? {});
}

/** A set, as Go writes it: `{"80/tcp": {}}`. */
export function keys(key: z.ZodType<string, string> = nulFree) {
  return z
    .record(key, z.unknown())
    .nullish()
    .transform(set => Object.keys(set ?? {}));
}

/** Rows and columns of the client's terminal. */
export function consoleSize() {
  return z
    .tuple([z.int().min(0).max(0xffff), z.int().min(0).max(0xffff)])
    .nullish()
    .transform(size => size ?? undefined);
}
