import {setTimeout as sleep} from 'node:timers/promises';

import type {Failure} from '../failures/failure.ts';
import type {Control} from './control-server.ts';
import type {RemoveResult} from './messages.ts';
import {type DaemonRecord, writeRecord} from './record.ts';
import type {Log, RunningDaemon} from './types.ts';

const stopLimitMs = 10_000;

/** A daemon process from the moment it holds the control socket to its end. */
export interface Life extends Control {
  /** The daemon works. */
  begin(daemon: RunningDaemon, record: DaemonRecord): void;
  /** It will not: whoever asks for it is told why. */
  fail(failure: Failure): void;
  /** Stops everything and ends the process; says why in the log. */
  end(why: string): Promise<void>;
  /** The same when the control socket's name is no longer ours: closing it would take the name from whoever has it now. */
  endUnreachable(): Promise<void>;
}

/** `release` gives the control socket back; it is called before `stop` is answered, so that an `up` right after a `down` does not meet the old one. */
export function createLife({
  log,
  recordPath,
  release,
}: {
  log: Log;
  recordPath: string;
  release: () => void;
}): Life {
  const begun = Promise.withResolvers<{daemon: RunningDaemon; record: DaemonRecord}>();
  let current: {daemon: RunningDaemon; record: DaemonRecord} | undefined;
  let stopping: Promise<void> | undefined;
  // Most often nobody is waiting.
  begun.promise.catch(() => undefined);

  async function close(): Promise<void> {
    if (current) {
      await Promise.race([current.daemon.stop(), late(stopLimitMs)]).catch((error: unknown) => {
        log.error('not everything could be closed', {error});
      });
      await writeRecord(recordPath, {...current.record, stoppedAt: new Date().toISOString()});
    }
    log.info('stopped');
  }

  async function stop(): Promise<void> {
    await close();
    release();
  }

  async function removeAll(): Promise<RemoveResult> {
    const {daemon, record} = await begun.promise;
    const removed = await daemon.removeAll();
    log.info('removed everything', {containers: removed.containers, leftovers: removed.leftovers});
    return {...removed, cluster: record.target.contextName, namespace: record.target.namespace};
  }

  const life: Life = {
    begin(daemon, record) {
      current = {daemon, record};
      begun.resolve(current);
    },
    fail: failure => begun.reject(failure),
    ready: async () => (await begun.promise).record,
    async status() {
      const {daemon, record} = await begun.promise;
      return {record, status: daemon.status()};
    },
    remove: removeAll,
    stop: () => (stopping ??= stop()),
    exit: () => process.exit(0),
    async end(why) {
      log.info('stopping', {why});
      await life.stop().catch((error: unknown) => log.error('could not stop in order', {error}));
      process.exit(0);
    },
    async endUnreachable() {
      log.error('the control socket was taken away, nobody could reach this daemon any more');
      await close().catch((error: unknown) => log.error('could not stop in order', {error}));
      process.exit(1);
    },
  };
  return life;
}

/** The containers run on whatever happens here, so nothing is worth a daemon that cannot be stopped. */
async function late(milliseconds: number): Promise<never> {
  await sleep(milliseconds, undefined, {ref: false});
  throw new Error(`still busy after ${milliseconds / 1000} s`);
}
