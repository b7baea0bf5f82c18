import type {Socket} from 'node:net';

import type {Credential} from './credential.ts';

/** One connection made ahead of its use: a stream into a Pod needs a TCP and TLS handshake of its own, two round trips that can be over before it is asked for. */
export interface SpareSocket {
  /** Begins to connect, unless a spare is there. */
  warm(credential: Credential): void;
  /** The spare, if it is alive and of this credential. */
  take(credential: Credential): Promise<Socket | undefined>;
  drop(): void;
}

/** The API server closes a connection that has asked nothing for 32 s (`ReadHeaderTimeout`). */
const lifeMs = 25_000;

/** It is never renewed by itself: an idle daemon keeps no connection for nothing. */
export function createSpareSocket(dial: (credential: Credential) => Promise<Socket>): SpareSocket {
  let spare: {socket: Promise<Socket>; credential: Credential; timer: NodeJS.Timeout} | undefined;

  function drop() {
    const dropped = forget();
    dropped?.socket.then(
      socket => socket.destroy(),
      () => {},
    );
  }

  function forget() {
    const forgotten = spare;
    spare = undefined;
    clearTimeout(forgotten?.timer);
    return forgotten;
  }

  return {
    warm(credential) {
      if (spare) return;
      const socket = dial(credential);
      const timer = setTimeout(drop, lifeMs).unref();
      spare = {socket, credential, timer};
      socket.catch(() => {
        if (spare?.socket === socket) forget();
      });
    },
    async take(credential) {
      if (spare?.credential !== credential) {
        drop();
        return undefined;
      }
      const socket = await forget()?.socket.catch(() => undefined);
      return socket?.readyState === 'open' ? socket : undefined;
    },
    drop,
  };
}
