/** One reason why a container cannot be made here. */
export interface Violation {
  code: PolicyCode;
  /** what the user typed, or would have: `--privileged` */
  flag: string;
  /** why, as a whole sentence */
  sentence: string;
  /** what to do, as a whole sentence */
  fix: string;
}

/** What a field's value comes to: nothing, violations, warnings. */
export interface Findings {
  violations: Violation[];
  warnings: string[];
}

/** How a field is treated. `depends`: by its value. `ignored`: with a warning. `harmless`: without one, as nothing is lost by it. */
type Support = 'honoured' | 'depends' | 'refused' | 'ignored' | 'harmless';

export interface FieldRule {
  support: Support;
  /** the option of `docker run`; empty where there is none */
  flag: string;
  /** for the reader of docs/compatibility.md */
  note: string;
  /** `container` is the object that the field stands in: some fields mean something only beside others. */
  judge(value: unknown, container: Readonly<Record<string, unknown>>, settings: PolicySettings): Findings;
}

export type FieldRules = Readonly<Record<string, FieldRule>>;

/** What the user allows. undefined leaves it to whoever acts on it. */
export interface PolicySettings {
  allowNonLoopback?: boolean;
}

/** What each code stands for; codes never change their meaning. */
export const policyCodes = {
  'BAD-301': 'privileged containers',
  'BAD-302': "the node's own namespaces",
  'BAD-303': "another container's namespaces",
  'BAD-304': 'mounts',
  'BAD-305': 'the Docker socket',
  'BAD-306': 'capabilities',
  'BAD-307': 'kernel parameters',
  'BAD-308': 'addresses and protocols of published ports',
  'BAD-310': 'devices',
  'BAD-311': 'security options',
  'BAD-312': 'networks and names on them',
  'BAD-313': 'runtimes and cgroups',
} as const;
type PolicyCode = keyof typeof policyCodes;

export const nothing: Findings = {violations: [], warnings: []};

export function honoured(flag: string, note = ''): FieldRule {
  return {support: 'honoured', flag, note, judge: () => nothing};
}

export function harmless(flag: string, note: string): FieldRule {
  return {support: 'harmless', flag, note, judge: () => nothing};
}

/** Set means: other than what clients send for "not set". */
export function ignored(
  flag: string,
  note: string,
  isUnset: (value: unknown) => boolean = isZero,
): FieldRule {
  return {
    support: 'ignored',
    flag,
    note,
    judge: value => (isUnset(value) ? nothing : warning(`${flag} has no effect: ${note}`)),
  };
}

export function refused(flag: string, reason: Pick<Violation, 'code' | 'sentence' | 'fix'>): FieldRule {
  return {
    support: 'refused',
    flag,
    note: `${reason.sentence} (${reason.code})`,
    judge: value => (isZero(value) ? nothing : violation({flag, ...reason})),
  };
}

export function depends(flag: string, note: string, judge: FieldRule['judge']): FieldRule {
  return {support: 'depends', flag, note, judge};
}

export function violation(found: Violation): Findings {
  return {violations: [found], warnings: []};
}

export function warning(text: string): Findings {
  return {violations: [], warnings: [text]};
}

export function together(all: readonly Findings[]): Findings {
  return {
    violations: all.flatMap(({violations}) => violations),
    warnings: all.flatMap(({warnings}) => warnings),
  };
}

/** Go's zero values, and null: what a client sends, or leaves out, for a field that is not set. */
export function isZero(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.every(isZero);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.keys(value).length === 0;
  }
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}

/** The elements of a list; a client's other types are other rooms' to refuse. */
export function elementsOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** A text, or none: not `String()`, which a JSON object with a key `toString` makes throw. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A client's text as it may stand in a message: on one line, and short. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const printable = text.slice(0, 200).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '�');
  return printable.length > 100 ? `${printable.slice(0, 99)}…` : printable;
}
