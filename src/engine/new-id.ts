import {randomBytes} from 'node:crypto';

import {idFromBytes} from '../wire/names-and-ids.ts';

/** An id for a container or an exec: 64 hexadecimal digits. */
export function newId(): string {
  for (;;) {
    const id = idFromBytes(randomBytes(32));
    if (id !== undefined) return id;
  }
}
