import {Writable, type Readable} from 'node:stream';

import {DetachScanner} from '../wire/detach-keys.ts';
import type {Attachment} from './engine.ts';
import {Detached} from './output-pieces.ts';

/**
 * The input of an attachment, as a client writes to it. On a terminal what is typed is searched for the detach keys: they end the client's
 * stream and leave the process alone.
 */
export function detachableInput({tty, output, stdin}: Attachment, keys: Uint8Array): Writable | undefined {
  if (!stdin) return undefined;
  // its failure is the process's affair: what the client still types is discarded
  stdin.on('error', () => {});
  return tty ? scannedInput(stdin, keys, output) : stdin;
}

function scannedInput(stdin: Writable, keys: Uint8Array, output: Readable): Writable {
  const scanner = new DetachScanner(keys);
  const input = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      const {pass, detached} = scanner.scan(chunk);
      const next = (): void => {
        if (detached) output.destroy(new Detached('the detach keys were typed'));
        done();
      };
      if (pass.length === 0 || stdin.destroyed) next();
      else stdin.write(pass, next);
    },
    final(done) {
      stdin.end(scanner.rest(), () => done());
    },
  });
  stdin.once('close', () => input.destroy());
  return input;
}
