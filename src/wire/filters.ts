import {InvalidRequest} from '../errors.ts';

/** What a list is narrowed by: a key to the values that were given for it. */
export type Filters = ReadonlyMap<string, readonly string[]>;

export const noFilters: Filters = new Map();

/** Of the JSON; compose asks with some hundred characters. */
const longest = 64 * 1024;

/** Reads the `filters` of a query in both JSON forms: `{"name": {"x": true}}` of Go clients, `{"name": ["x"]}` of SDKs. */
export function parseFilters(text: string | undefined): Filters {
  if (!text) return noFilters;
  if (text.length > longest) throw new InvalidRequest('invalid filter');
  const parsed = parse(text);
  if (!isRecord(parsed)) throw new InvalidRequest('invalid filter');
  return new Map(Object.entries(parsed).map(([key, values]) => [key, valuesOf(values)]));
}

/** Refuses a key that is not in `known`, as Docker does: a filter that is not understood must not select everything. */
export function requireKnownFilters(filters: Filters, known: readonly string[]): void {
  for (const key of filters.keys()) {
    if (!known.includes(key)) throw new InvalidRequest(`invalid filter '${key}'`);
  }
}

/** Whether a key is absent, or has the value exactly. */
export function matchesExactly(filters: Filters, key: string, value: string): boolean {
  const wanted = filters.get(key);
  return wanted === undefined || wanted.length === 0 || wanted.includes(value);
}

/** Labels are ANDed: `key` asks for presence, `key=value` for that value. `label!` asks for the opposite. */
export function matchesLabels(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  const has = (wanted: string): boolean => {
    const [key, value] = cut(wanted);
    return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
  };
  return (filters.get('label') ?? []).every(has) && !(filters.get('label!') ?? []).some(has);
}

/** Names are ORed: a regular expression or a part of the name, with or without its slash. An expression that is none is taken literally. */
export function matchesName(filters: Filters, name: string, key = 'name'): boolean {
  const wanted = filters.get(key);
  if (!wanted || wanted.length === 0) return true;
  const bare = name.replace(/^\//, '');
  return wanted.some(pattern => fits(pattern, bare) || fits(pattern, `/${bare}`));
}

/** Reads a filter that is a boolean (`dangling`, `is-task`); undefined when it was not given. */
export function booleanFilter(filters: Filters, key: string): boolean | undefined {
  const values = filters.get(key);
  if (!values || values.length === 0) return undefined;
  const words = values.map(value => value.toLowerCase());
  const yes = words.some(word => ['1', 'true', 't'].includes(word));
  const no = words.some(word => ['0', 'false', 'f'].includes(word));
  if (yes === no) throw new InvalidRequest(`invalid filter '${key}=[${values.join(' ')}]'`);
  return yes;
}

function fits(pattern: string, name: string): boolean {
  if (name.includes(pattern)) return true;
  // a long pattern, or one with nested repetition, may take for ever: such a one is a literal
  if (pattern.length > 256 || /[*+}?]\s*\)\s*[*+{]/.test(pattern)) return false;
  try {
    return new RegExp(pattern).test(name);
  } catch {
    return false;
  }
}

function cut(label: string): [key: string, value: string | undefined] {
  const mark = label.indexOf('=');
  return mark === -1 ? [label, undefined] : [label.slice(0, mark), label.slice(mark + 1)];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidRequest('invalid filter');
  }
}

function valuesOf(values: unknown): string[] {
  if (Array.isArray(values) && values.every(value => typeof value === 'string')) return [...new Set(values)];
  if (isRecord(values) && Object.values(values).every(value => typeof value === 'boolean'))
    return Object.keys(values);
  throw new InvalidRequest('invalid filter');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
