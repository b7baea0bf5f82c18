/** Writes the table of fields into docs/compatibility.md: `node scripts/compatibility.ts`. */
import {readFile, writeFile} from 'node:fs/promises';

import {withFieldTable} from './field-table.ts';

const file = new URL('../docs/compatibility.md', import.meta.url);
await writeFile(file, withFieldTable(await readFile(file, 'utf8')));
