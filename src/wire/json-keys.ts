import {z} from 'zod';

import {InvalidRequest} from '../errors.ts';

/**
 * The names of an object's fields, and below each the names of its own; `*` stands for every key of a map and every element of a list.
 * Go matches the keys of JSON objects without regard to case, and some SDKs rely on that.
 */
export interface FieldNames {
  readonly [name: string]: FieldNames;
}

/**
 * The same value with the keys of its objects spelt as in `names`; the keys of maps, which are data, stay. Two spellings of one field in one
 * object are refused: it could be read in two ways.
 */
export function spellKeys(value: unknown, names: FieldNames): unknown {
  if (Array.isArray(value)) return value.map(element => spellKeys(element, names['*'] ?? {}));
  if (typeof value !== 'object' || value === null) return value;
  const spellings = new Map(Object.keys(names).map(name => [name.toLowerCase(), name]));
  const spelt = new Map<string, unknown>();
  for (const [key, field] of Object.entries(value)) {
    if (key === '__proto__') throw new InvalidRequest('invalid JSON: the key "__proto__" is not accepted');
    const name = spellings.get(key.toLowerCase()) ?? key;
    if (spelt.has(name))
      throw new InvalidRequest(`invalid JSON: the key "${name}" is there twice, in different spellings`);
    const inner = Object.hasOwn(names, name) ? names[name] : names['*'];
    spelt.set(name, spellKeys(field, inner ?? {}));
  }
  return Object.fromEntries(spelt);
}

/** The names that a schema knows. */
export function fieldNamesOf(schema: z.core.$ZodType): FieldNames {
  if (schema instanceof z.ZodObject) {
    return Object.fromEntries(
      Object.entries(schema.shape).map(([name, field]) => [name, fieldNamesOf(field)]),
    );
  }
  if (schema instanceof z.ZodRecord) return {'*': fieldNamesOf(schema.valueType)};
  if (schema instanceof z.ZodArray) return {'*': fieldNamesOf(schema.element)};
  if (schema instanceof z.ZodPipe) return mergeNames(fieldNamesOf(schema.in), fieldNamesOf(schema.out));
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodPrefault) {
    return fieldNamesOf(schema.unwrap());
  }
  if (schema instanceof z.ZodUnion) return Object.assign({}, ...schema.options.map(fieldNamesOf));
  return {};
}

/** Both together: a name of either is a name of the union. */
export function mergeNames(one: FieldNames, other: FieldNames): FieldNames {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map(name => [name, mergeNames(one[name] ?? {}, other[name] ?? {})]));
}
