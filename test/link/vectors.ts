import {readFileSync} from 'node:fs';

export type Value = bigint | Buffer | Buffer[];

/** One line of vectors.txt. `values` has every `name=value` of the text. */
export interface Vector {
  name: string;
  bytes: Buffer;
  /** HELLO, DATA, RECORD, ENTRY … */
  what: string;
  kind: string;
  message: string;
  values: Map<string, Value>;
  /** The size of its parts, if it comes in several frames. */
  part?: number;
}

export function readVectors(): Vector[] {
  const lines = readFileSync(new URL('vectors.txt', import.meta.url), 'utf8').split('\n');
  return lines.filter(line => line !== '' && !line.startsWith('#')).map(parseLine);
}

export class Values {
  readonly #values: Map<string, Value>;

  constructor(vector: Vector) {
    this.#values = vector.values;
  }

  big(name: string): bigint {
    const value = this.#values.get(name) ?? 0n;
    if (typeof value !== 'bigint') throw new TypeError(`${name} is no number`);
    return value;
  }

  number(name: string): number {
    return Number(this.big(name));
  }

  bytes(name: string): Buffer {
    const value = this.#values.get(name);
    if (!Buffer.isBuffer(value)) throw new TypeError(`${name} is no string`);
    return value;
  }

  text(name: string): string {
    return this.bytes(name).toString('utf8');
  }

  list(name: string): Buffer[] {
    const value = this.#values.get(name);
    if (!Array.isArray(value)) throw new TypeError(`${name} is no list`);
    return value;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }
}

function parseLine(line: string): Vector {
  const [name = '', hex = '', ...rest] = line.split('\t');
  const text = rest.join('\t');
  const what = /^[A-Z]+/.exec(text)?.[0] ?? '';
  const words = new Map<string, string>();
  const values = new Map<string, Value>();
  const pattern = /([a-z_]+)=("[^"]*"|\[(?:"[^"]*",?)*\]|[A-Za-z0-9]+)/g;
  for (const [, key = '', value = ''] of text.matchAll(pattern)) {
    words.set(key, value);
    values.set(key, parseValue(key, value));
  }
  return {
    name,
    bytes: Buffer.from(hex, 'hex'),
    what,
    kind: words.get('kind') ?? '',
    message: words.get('message') ?? '',
    values,
    ...(words.has('part') && {part: Number(words.get('part'))}),
  };
}

function parseValue(key: string, text: string): Value {
  if (text.startsWith('[')) return (text.match(/"[^"]*"/g) ?? []).map(unquote);
  if (text.startsWith('"')) return unquote(text);
  return key === 'kind' || key === 'message' || key === 'type' ? Buffer.from(text) : BigInt(text);
}

function unquote(text: string): Buffer {
  const raw = text
    .slice(1, -1)
    .replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(raw, 'latin1');
}
