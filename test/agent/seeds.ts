import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

/**
 * Writes the corpus that the fuzz test starts from into `folder`: the bytes of each shared vector, and all frames among them after one another, as a session has them.
 */
export function writeSeeds(folder: string): void {
  const session: Buffer[] = [];
  for (const line of readFileSync(join(import.meta.dirname, '../link/vectors.txt'), 'utf8').split('\n')) {
    const [name = '', hex, text = ''] = line.split('\t');
    if (hex === undefined) continue;
    const bytes = Buffer.from(hex, 'hex');
    writeFileSync(join(folder, name), bytes);
    if (!/^(RECORD|ENTRY)/.test(text)) session.push(bytes);
  }
  writeFileSync(join(folder, 'session'), Buffer.concat(session));
}
