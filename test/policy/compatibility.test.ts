import {readFile} from 'node:fs/promises';

import {expect, it} from 'vitest';

import {withFieldTable} from '../../scripts/field-table.ts';

it('docs/compatibility.md has the table of fields as the code has it', async () => {
  const document = await readFile(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');

  expect(document, 'run: node scripts/compatibility.ts').toBe(withFieldTable(document));
});
