import type {FailureParts} from '../failures/failure.ts';
import type {DaemonRecord} from './record.ts';
import type {ClusterTarget, DaemonSettings} from './types.ts';

/** From `up` to the daemon it has started, over Node's IPC channel. Losing the channel before `ready` means: stop. */
export type ToDaemon = StartOrder | {type: 'proceed'} | {type: 'cancel'; failure: FailureParts};

export interface StartOrder {
  type: 'start';
  purpose: Purpose;
  version: string;
  settings: DaemonSettings;
  paths: {controlSocket: string; log: string; record: string};
}

/** `serve` runs until told to stop; `remove` removes all our objects and ends. */
export type Purpose = 'serve' | 'remove';

/** From the daemon to `up`. The last one is `ready`, `removed`, `occupied` or `failed`. */
export type FromDaemon =
  | {type: 'confirm'; target: ClusterTarget}
  | {type: 'step-started'; title: string}
  | {type: 'step-done'; title: string; detail?: string}
  | {type: 'step-failed'; title: string}
  | {type: 'ready'; record: DaemonRecord}
  | {type: 'removed'; result: RemoveResult}
  /** Another daemon of this profile holds the control socket. */
  | {type: 'occupied'}
  | {type: 'failed'; failure: FailureParts};

export interface RemoveResult {
  containers: number;
  leftovers: string[];
  cluster: string;
  namespace: string;
}

/** The other end is our own program over a channel that nobody else has; this only tells its messages from something that went wrong. */
export function isFromDaemon(value: unknown): value is FromDaemon {
  return /^(confirm|step-started|step-done|step-failed|ready|removed|occupied|failed)$/.test(typeOf(value));
}

export function isToDaemon(value: unknown): value is ToDaemon {
  return /^(start|proceed|cancel)$/.test(typeOf(value));
}

function typeOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : '';
}
