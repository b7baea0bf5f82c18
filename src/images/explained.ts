/** A message in the three lines that a docker client shows: what happened, why, and what to do. */
export function explained(what: string, {why, fix}: {why: string; fix: string}): string {
  return `${what}\n  why: ${why}\n  fix: ${fix}`;
}
