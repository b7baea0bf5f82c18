import {createFields} from '../src/policy/create-fields.ts';
import {type FieldRules, policyCodes} from '../src/policy/decision.ts';

const begin = '<!-- fields: made by `node scripts/compatibility.ts`, not by hand -->';
const end = '<!-- end of fields -->';

const sections: [title: string, fields: FieldRules][] = [
  ['The container (`ContainerConfig`)', createFields.config],
  ['`HostConfig`', createFields.hostConfig],
  ['A network (`NetworkingConfig.EndpointsConfig.{name}`)', createFields.endpoint],
];

const words = {
  honoured: 'yes',
  depends: 'in part',
  refused: 'refused',
  ignored: 'no effect, with a warning',
  harmless: 'no effect',
} as const;

/** The document with its generated part as the table has it now. */
export function withFieldTable(document: string): string {
  const [before, after] = [document.indexOf(begin), document.indexOf(end)];
  if (before === -1 || after < before) {
    throw new Error(`docs/compatibility.md has to contain the lines "${begin}" and "${end}"`);
  }
  return `${document.slice(0, before)}${begin}\n\n${fieldTable()}\n${document.slice(after)}`;
}

function fieldTable(): string {
  const tables = sections.map(([title, fields]) => {
    const rows = Object.entries(fields)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([name, {flag, support, note}]) =>
          `| ${name} | ${flag === '' ? '' : `\`${flag}\``} | ${words[support]} | ${note} |`,
      );
    return [`### ${title}`, '', '| field | docker run | honoured | |', '|---|---|---|---|', ...rows, ''].join(
      '\n',
    );
  });
  const codes = Object.entries(policyCodes).map(([code, about]) => `| ${code} | ${about} |`);
  return [
    ...tables,
    ['### Codes of refusals', '', '| code | about |', '|---|---|', ...codes, ''].join('\n'),
  ].join('\n');
}
