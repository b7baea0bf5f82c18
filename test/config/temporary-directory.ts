import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** A folder that goes at the end of its `await using` block. */
export async function temporaryDirectory(): Promise<{path: string} & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'bad-test-'));
  return {path, [Symbol.asyncDispose]: () => rm(path, {recursive: true, force: true})};
}
