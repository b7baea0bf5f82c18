import {readIfThere, writePrivateFile} from '../config/private-file.ts';
import type {ClusterTarget, DaemonSettings} from './types.ts';

/**
 * daemon.json: what the last daemon of a profile was. Nobody relies on it to find a daemon (the control socket does that); it names the process that may
 * be ended when it does not answer, and the cluster that `down --remove` means when no daemon runs.
 */
export interface DaemonRecord {
  pid: number;
  /** See `startTicks()` in pid.ts: with it, a pid used again is told from the daemon's. */
  startTicks: string;
  instance: string;
  version: string;
  /** ISO 8601. */
  startedAt: string;
  stoppedAt?: string;
  /** As `up` asked for them. */
  settings: DaemonSettings;
  /** What the kubeconfig made of them. */
  target: ClusterTarget;
}

/** The record in that file; undefined if there is none, or if it is not one of ours. */
export async function readRecord(path: string): Promise<DaemonRecord | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    const record: unknown = JSON.parse(text);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

export async function writeRecord(path: string, record: DaemonRecord): Promise<void> {
  await writePrivateFile(path, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** The settings for another daemon on the very same namespace, whatever the current context has become since. */
export function settingsOf({settings, target}: DaemonRecord): DaemonSettings {
  return {...settings, kubeContext: target.contextName, namespace: target.namespace};
}

/** The file is ours and 0600; this tells it from a damaged one, and a newer version's from this one's. */
export function isRecord(value: unknown): value is DaemonRecord {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'pid' in value &&
    Number.isSafeInteger(value.pid) &&
    'startTicks' in value &&
    typeof value.startTicks === 'string' &&
    'settings' in value &&
    typeof value.settings === 'object' &&
    'target' in value &&
    typeof value.target === 'object'
  );
}
