import {printable, printableLines} from './printable.ts';
import {registry} from './registry.ts';

export type FailureCode = keyof typeof registry;

/** An error for a person: what happened, why, and what to do. `message` is the "what". */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: string;
  readonly why: string;
  readonly fix: readonly string[];
  readonly exitCode: number;

  constructor(parts: FailureParts, options?: ErrorOptions) {
    super(parts.message, options);
    this.code = parts.code;
    this.why = parts.why;
    this.fix = parts.fix;
    this.exitCode = parts.exitCode;
  }

  /** Its parts as plain data, for `--json` and for the way from the daemon to the terminal. */
  toJSON(): FailureParts {
    return {
      code: this.code,
      message: this.message,
      why: this.why,
      fix: [...this.fix],
      exitCode: this.exitCode,
    };
  }
}

export interface FailureParts {
  code: string;
  message: string;
  why: string;
  fix: readonly string[];
  exitCode: number;
}

/** Makes the registry's error of that code. Facts may come from outside: what would act on a terminal is taken out of them. */
export function failure<C extends FailureCode>(code: C, facts: Facts<C>, options?: ErrorOptions): Failure {
  const entry = registry[code];
  const values = new Map(Object.entries<string | number>(facts));
  const fill = (text: string, clean: (text: string) => string) =>
    text.replace(/\{(\w+)\}/g, (whole, word: string) => clean(String(values.get(word) ?? whole)));

  return new Failure(
    {
      code,
      message: fill(entry.what, printable),
      why: fill(entry.why, printableLines),
      fix: entry.fix.map(line => fill(line, printable)),
      exitCode: entry.exit,
    },
    options,
  );
}

/** The failure as lines for a terminal or a Docker client: what (code), why, fix. */
export function failureLines(parts: FailureParts): string[] {
  const indented = parts.why.split('\n').join('\n       ');
  return [
    `${parts.message} (${parts.code})`,
    `  why: ${indented}`,
    ...parts.fix.map(line => `  fix: ${line}`),
  ];
}

/** The `{words}` of an entry's texts, so that a fact forgotten is a type error. */
type Facts<C extends FailureCode> = Record<WordsOf<(typeof registry)[C]>, string | number>;
type WordsOf<E extends {what: string; why: string; fix: readonly string[]}> =
  | Words<E['what']>
  | Words<E['why']>
  | Words<E['fix'][number]>;
type Words<S extends string> = S extends `${string}{${infer Word}}${infer Rest}` ? Word | Words<Rest> : never;
