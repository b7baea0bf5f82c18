import type {DaemonStatus} from '../../daemon/types.ts';
import {type FailureParts, failure, failureLines} from '../../failures/failure.ts';
import {printable} from '../../failures/printable.ts';

/** The object that `status --json` prints. */
export interface StatusReport extends DaemonStatus {
  schema: 1;
  state: 'running' | 'degraded';
  profile: string;
  daemon: {
    pid: number;
    version: string;
    startedAt: string;
    uptimeSeconds: number;
    socket: string;
    tcp?: string;
    log: string;
  };
  context: {name: string; current: boolean};
  certificates?: {days: number};
  problems: FailureParts[];
}

/** What is wrong at the moment, as errors of the registry. `days` is what is left of the certificates, where there are any. */
export function problemsOf(status: DaemonStatus, days: number | undefined): FailureParts[] {
  const {cluster, forwards} = status;
  const problems = forwards
    .filter(forward => forward.state === 'retrying')
    .map(({local, container, detail}) =>
      failure('BAD-210', {local, container, why: detail ?? 'The connection is being made again.'}).toJSON(),
    );
  if (!cluster.reachable) {
    const seconds = Math.round((cluster.watchAgeMs ?? 0) / 1000);
    problems.unshift(
      failure('BAD-401', {
        cluster: cluster.contextName,
        seconds,
        why: `${cluster.server} does not answer.`,
      }).toJSON(),
    );
  }
  if (days !== undefined && days < 30) problems.push(failure('BAD-612', {days}).toJSON());
  return problems;
}

/** The same for a person. */
export function statusLines(report: StatusReport, version: string): string[] {
  const {daemon, cluster, context, containers, forwards, links} = report;
  const retrying = forwards.filter(({state}) => state === 'retrying').length;
  const counts = [
    `${containers.running} running`,
    `${containers.exited} exited`,
    ...(containers.created > 0 ? [`${containers.created} created`] : []),
    ...(containers.paused > 0 ? [`${containers.paused} paused`] : []),
  ];
  const watch =
    cluster.watchAgeMs === undefined ? '' : `  watch heard ${duration(cluster.watchAgeMs / 1000)} ago`;
  const newer =
    daemon.version === version
      ? []
      : [
          `daemon ${daemon.version} and badidea ${version} differ: badidea down && badidea up (containers keep running)`,
        ];
  return [
    `badidea is running (pid ${daemon.pid}, up ${duration(daemon.uptimeSeconds)}, v${daemon.version}, profile ${report.profile})`,
    `cluster     ${printable(cluster.contextName)}  ${printable(cluster.version ?? '')}  ${printable(cluster.server)}  ${cluster.reachable ? 'ok' : 'out of reach'}${watch}`,
    `namespace   ${printable(cluster.namespace)}  user ${printable(cluster.userName) || 'none'}`,
    `context     ${context.name}${context.current ? ' (current)' : ''}  unix://${daemon.socket}${daemon.tcp ? `  tcp://${daemon.tcp}` : ''}`,
    `containers  ${counts.join(', ')}`,
    `forwards    ${forwards.length - retrying} up${retrying > 0 ? `, ${retrying} retrying` : ''}`,
    `agents      ${links.connected} connected${links.broken > 0 ? `, ${links.broken} being reconnected` : ''}`,
    ...(report.certificates ? [`certs       ${report.certificates.days} days left`] : []),
    ...newer,
    ...report.problems.flatMap(problem => failureLines(problem)),
  ];
}

function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m`;
  return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}m`;
}
