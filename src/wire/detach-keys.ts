import {InvalidRequest} from '../errors.ts';

/** ctrl-p, ctrl-q: what detaches from a terminal unless the client says otherwise. */
const usualKeys = Buffer.from([0x10, 0x11]);

/** Reads `detachKeys`: single characters and `ctrl-x`, parted by commas. Empty: the usual keys. */
export function parseDetachKeys(text: string | undefined): Buffer {
  if (!text) return usualKeys;
  return Buffer.from(text.split(',').map(byteOf));
}

function byteOf(key: string): number {
  const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key);
  // the code of a control character is that of its letter without the upper three bits
  if (control?.[1]) return control[1].toUpperCase().charCodeAt(0) & 0x1f;
  if (key.length === 1 && key.charCodeAt(0) < 0x80) return key.charCodeAt(0);
  throw new InvalidRequest(`Unknown character: '${key}'`);
}

/** Finds the detach keys in what is typed. What may be their beginning is held back until the next byte decides. */
export class DetachScanner {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** What of the input is to be passed on. `detached`: the keys were typed; nothing after them counts. */
  scan(input: Uint8Array): {pass: Uint8Array; detached: boolean} {
    // the usual case, whole and uncopied: nothing is held back and no key begins here
    if (this.#matched === 0 && !input.includes(this.#keys[0] ?? -1)) return {pass: input, detached: false};
    const pass: number[] = [];
    for (const byte of input) {
      if (byte !== this.#keys[this.#matched]) {
        pass.push(...this.#keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte === this.#keys[this.#matched]) this.#matched++;
      else pass.push(byte);
      if (this.#matched === this.#keys.length) return {pass: Uint8Array.from(pass), detached: true};
    }
    return {pass: Uint8Array.from(pass), detached: false};
  }

  /** What was held back, when the input ends. */
  rest(): Uint8Array {
    return this.#keys.slice(0, this.#matched);
  }
}
