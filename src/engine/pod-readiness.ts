import type {V1Pod} from '@kubernetes/client-node';

/** Whether the agent of a Pod can be reached: not yet, from now on, or never (and why). */
export type PodReadiness = {kind: 'waiting'; why: string} | {kind: 'running'} | {kind: 'ended'; why: PodEnd};

export interface PodEnd {
  /** one sentence for the user */
  message: string;
  /** of the Pod's container, where the cluster knows it */
  exitCode: number | undefined;
  oomKilled: boolean;
  /** the image cannot be had, or the container cannot be made: starting again as it is would fail again */
  refused: boolean;
}

/** The kubelet goes on trying after these; Docker says at once what is wrong. */
const REFUSALS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

export function podReadiness(pod: V1Pod | undefined): PodReadiness {
  const status = pod?.status;
  const container = status?.containerStatuses?.[0]?.state;
  const refusal = container?.waiting;
  if (refusal?.reason !== undefined && REFUSALS.has(refusal.reason)) {
    return ended(`${refusal.reason}: ${refusal.message ?? 'the node gives no reason'}`, {refused: true});
  }
  const terminated = container?.terminated;
  if (terminated) {
    const oomKilled = terminated.reason === 'OOMKilled';
    return ended(terminatedMessage(status, terminated.reason, terminated.message), {
      exitCode: terminated.exitCode,
      oomKilled,
      refused: terminated.reason === 'StartError' || terminated.reason === 'ContainerCannotRun',
    });
  }
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded')
    return ended(terminatedMessage(status, undefined, undefined), {});
  if (container?.running) return {kind: 'running'};
  return {kind: 'waiting', why: whyWaiting(pod)};
}

function ended(message: string, more: Partial<PodEnd>): PodReadiness {
  return {kind: 'ended', why: {message, exitCode: undefined, oomKilled: false, refused: false, ...more}};
}

function terminatedMessage(
  status: V1Pod['status'],
  reason: string | undefined,
  message: string | undefined,
): string {
  if (status?.reason !== undefined)
    return `${status.reason}: ${status.message ?? 'the cluster gives no reason'}`;
  if (reason === 'OOMKilled') return 'OOMKilled: the container used more memory than its limit';
  if (message !== undefined && message !== '') return `${reason ?? 'Error'}: ${message}`;
  return `the Pod has ended (${reason ?? status?.phase ?? 'unknown reason'})`;
}

/** What the scheduler or the kubelet waits for, in the cluster's own words. */
function whyWaiting(pod: V1Pod | undefined): string {
  const scheduled = pod?.status?.conditions?.find(condition => condition.type === 'PodScheduled');
  if (scheduled?.status === 'False')
    return `${scheduled.reason ?? 'Unschedulable'}: ${scheduled.message ?? 'no node takes the Pod'}`;
  const waiting = pod?.status?.containerStatuses?.[0]?.state?.waiting;
  return (
    waiting?.reason ??
    (pod?.spec?.nodeName === undefined ? 'waiting for a node' : 'the node prepares the container')
  );
}
