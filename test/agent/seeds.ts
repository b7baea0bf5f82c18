/** Writes the bytes of each shared vector into a file of its own: the corpus that the fuzz test starts from. */
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

const [folder = '.'] = process.argv.slice(2);
const lines = readFileSync(join(import.meta.dirname, '../link/vectors.txt'), 'utf8').split('\n');
for (const line of lines) {
  const [name = '', hex] = line.split('\t');
  if (hex !== undefined) writeFileSync(join(folder, name), Buffer.from(hex, 'hex'));
}
