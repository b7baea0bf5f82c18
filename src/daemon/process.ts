import {type ChildProcess, spawn} from 'node:child_process';
import {constants, openSync, closeSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';

import {Failure, failure} from '../failures/failure.ts';
import {
  type FromDaemon,
  isFromDaemon,
  type RemoveResult,
  type StartOrder,
  type ToDaemon,
} from './messages.ts';
import type {DaemonRecord} from './record.ts';
import type {ClusterTarget} from './types.ts';

/** How a daemon process came out of its start. */
export type Launched =
  | {outcome: 'ready'; record: DaemonRecord}
  | {outcome: 'removed'; result: RemoveResult}
  /** Another one of the same profile is there or just starting: ask that one. */
  | {outcome: 'occupied'};

/** Shows what the new process does; called in its order. */
interface LaunchEvents {
  confirm(target: ClusterTarget): Promise<void>;
  stepStarted(title: string): void;
  stepDone(title: string, detail?: string): void;
  stepFailed(title: string): void;
}

interface Launch {
  order: StartOrder;
  env: NodeJS.ProcessEnv;
  events: LaunchEvents;
  /** A step that takes longer than this fails the start: BAD-208. */
  stepTimeoutMs: number;
  signal: AbortSignal;
  entry?: string;
}

/**
 * Starts the daemon in a process of its own (own session, no terminal, so it outlives this one) and follows it over IPC until it is ready. Rejects with the
 * daemon's own Failure; the process has then ended or will. When `signal` aborts, it ends too.
 */
export async function launchDaemon(launch: Launch): Promise<Launched> {
  const child = spawnDaemon(launch);
  // Losing the channel is the child's sign to end.
  const abort = () => child.connected && child.disconnect();
  launch.signal.addEventListener('abort', abort, {once: true});
  try {
    const result = await follow(child, launch);
    child.unref();
    return result;
  } finally {
    launch.signal.removeEventListener('abort', abort);
    if (child.connected) child.disconnect();
  }
}

function spawnDaemon({
  order,
  env,
  entry = fileURLToPath(new URL('main.js', import.meta.url)),
}: Launch): ChildProcess {
  // What Node itself says at its end (out of memory, a failed assertion) belongs into the log as well.
  const log = openSync(
    order.paths.log,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    return spawn(process.execPath, ['--enable-source-maps', entry], {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      cwd: '/',
      env,
    });
  } finally {
    closeSync(log);
  }
}

function follow(child: ChildProcess, {order, events, stepTimeoutMs, signal}: Launch): Promise<Launched> {
  const {promise, resolve, reject} = Promise.withResolvers<Launched>();
  let step = 'start of the process';
  let timer: NodeJS.Timeout | undefined;
  const expect = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => reject(failure('BAD-208', {seconds: stepTimeoutMs / 1000, step, log: order.paths.log})),
      stepTimeoutMs,
    );
  };

  async function receive(message: FromDaemon): Promise<void> {
    expect();
    switch (message.type) {
      case 'confirm':
        // A person may think for as long as they like.
        clearTimeout(timer);
        await events.confirm(message.target).then(
          () => tell({type: 'proceed'}),
          (error: unknown) => {
            if (error instanceof Failure) tell({type: 'cancel', failure: error.toJSON()});
            else reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
        return expect();
      case 'step-started':
        step = message.title;
        return events.stepStarted(message.title);
      case 'step-done':
        return events.stepDone(message.title, message.detail);
      case 'step-failed':
        return events.stepFailed(message.title);
      case 'ready':
        return resolve({outcome: 'ready', record: message.record});
      case 'removed':
        return resolve({outcome: 'removed', result: message.result});
      case 'occupied':
        return resolve({outcome: 'occupied'});
      case 'failed':
        return reject(new Failure(message.failure));
    }
  }

  function tell(message: ToDaemon): void {
    // It may have ended meanwhile; `exit` tells.
    if (child.connected) child.send(message, () => undefined);
  }

  child.on('message', message => {
    if (isFromDaemon(message)) void receive(message).catch(reject);
  });
  child.once('error', reject);
  child.once('exit', (code, endedBy) => {
    const how = endedBy ? `signal ${endedBy}` : `exit code ${code}`;
    void logTail(order.paths.log).then(why => reject(failure('BAD-211', {how, why, log: order.paths.log})));
  });
  signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  expect();
  tell(order);
  return promise.finally(() => clearTimeout(timer));
}

/** The last lines of the log: what the process said at its end. */
async function logTail(path: string, bytes = 2000): Promise<string> {
  await using file = await open(path, 'r');
  const {size} = await file.stat();
  const {buffer, bytesRead} = await file.read(Buffer.alloc(bytes), 0, bytes, Math.max(0, size - bytes));
  const lines = buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-6);
  return lines.join('\n') || 'It said nothing.';
}
