import type {Duplex} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';

import type {Session} from './session.ts';

/** Opens bytes to `agent connect`. It rejects if that fails now; an error with `gone: true` says that the container is gone for good. */
export type Dial = (signal: AbortSignal) => Promise<Duplex>;

export interface ReconnectOptions {
  dial: Dial;
  session: Session;
  /** From `minMs`, doubling up to `maxMs`; one that took or lived for `healthyMs` forgets the failures before it. */
  backoff: {minMs: number; maxMs: number; healthyMs: number};
  dialMs: number;
  greetingMs: number;
  /** Each failed dial and each ended connection. */
  onDown(error: Error): void;
  /** Its event `wake` gives a dial up at once that may hang from before the machine slept. */
  wake: EventTarget;
  signal: AbortSignal;
}

/** Carries the session over one connection after the other until the signal aborts, or rejects with the dial's error when the container is gone. */
export async function keepConnected(options: ReconnectOptions): Promise<void> {
  const {signal, backoff} = options;
  let failures = 0;
  while (!signal.aborted) {
    const began = performance.now();
    await connectOnce(options).catch((error: unknown) => {
      const problem = error instanceof Error ? error : new Error(String(error));
      if (isGone(problem)) throw problem;
      options.onDown(problem);
    });
    // A connection that lived, and also a dial that waited long for its Pod: either way the next try may follow at once.
    failures = performance.now() - began >= backoff.healthyMs ? 0 : failures + 1;
    const delay =
      failures === 0 ? 0 : Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(failures - 1, 20));
    await sleep(delay * (0.5 + Math.random() / 2), undefined, {signal}).catch(() => {});
  }
}

async function connectOnce(options: ReconnectOptions): Promise<void> {
  const duplex = await dialWithin(options);
  if (options.signal.aborted) {
    duplex.destroy();
    return;
  }
  const error = await options.session.carry(duplex, {greetingMs: options.greetingMs});
  options.onDown(error);
}

/** A dial that neither succeeds nor heeds its signal must not hold the link up; if it succeeds later, its connection is closed. */
async function dialWithin({dial, dialMs, wake, signal}: ReconnectOptions): Promise<Duplex> {
  const patience = new AbortController();
  const timer = setTimeout(
    () => patience.abort(new Error(`no connection to the agent within ${dialMs} ms`)),
    dialMs,
  );
  const giveUp = (): void => patience.abort(new Error('the machine slept while it dialled the agent'));
  wake.addEventListener('wake', giveUp, {once: true});
  const limit = AbortSignal.any([signal, patience.signal]);
  const {promise: aborted, reject} = Promise.withResolvers<never>();
  aborted.catch(() => {});
  const abort = (): void => reject(limit.reason);
  limit.addEventListener('abort', abort, {once: true});
  const dialled = dial(limit);
  try {
    return await Promise.race([dialled, aborted]);
  } catch (error) {
    dialled.then(
      duplex => duplex.on('error', () => {}).destroy(),
      () => {},
    );
    throw error;
  } finally {
    clearTimeout(timer);
    wake.removeEventListener('wake', giveUp);
    limit.removeEventListener('abort', abort);
  }
}

function isGone(error: Error): boolean {
  return 'gone' in error && error.gone === true;
}
