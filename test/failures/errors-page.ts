import {registry} from '../../src/failures/registry.ts';

/** docs/errors.md: every error that a person can meet. */
export function errorsPage(): string {
  const sections = Object.entries(registry)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([code, {exit, fix, what, why}]) =>
      [
        `## ${code}`,
        '',
        `**${escaped(what)}** Exit code ${exit}.`,
        '',
        escaped(why),
        '',
        ...fix.map(line => `- ${escaped(line)}`),
        '',
      ].join('\n'),
    );
  return [
    '# Errors',
    '',
    'Made from `src/failures/` by `npx vitest run test/failures -u`. Words in braces are filled in when the error is shown.',
    '',
    'Exit codes: 0 fine, 1 unexpected, 2 usage, 3 not running or degraded, 4 cluster out of reach or login, 5 forbidden by the cluster, 6 conflict,',
    '7 refused by policy, 8 timed out, 9 something on this machine, 10 done with leftovers, 130 interrupted.',
    '',
    ...sections,
    '## Refused by policy',
    '',
    'BAD-301 and those after it are told by `docker` itself, with the option, why, and what to do: [compatibility.md](compatibility.md) has every option and code.',
    '',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('*', String.raw`\*`);
}
