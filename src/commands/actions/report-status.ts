import {currentContext} from '../../config/docker-context.ts';
import {checkProfileName, contextName, profilePaths} from '../../config/paths.ts';
import {controlClient} from '../../daemon/control-client.ts';
import type {StatusAnswer} from '../../daemon/control-server.ts';
import {failure, failureLines} from '../../failures/failure.ts';
import {problemsOf, type StatusReport, statusLines} from './status-lines.ts';

/** `badidea status`: prints what the daemon says of itself and returns the exit code (0 running, 3 not running or degraded, 4 cluster lost). */
export async function reportStatus(options: {
  profile: string;
  json: boolean;
  version: string;
  env: NodeJS.ProcessEnv;
}): Promise<number> {
  const paths = profilePaths(checkProfileName(options.profile), options.env);
  const client = controlClient(paths.controlSocket, async () => ({pid: 'unknown', log: paths.log}));
  const answer = await client.status();
  if (!answer) {
    const notRunning = failure('BAD-209', {profile: options.profile, socket: paths.controlSocket});
    if (options.json)
      print(JSON.stringify({schema: 1, state: 'stopped', profile: options.profile, problems: [notRunning]}));
    else print(failureLines(notRunning).join('\n'));
    return notRunning.exitCode;
  }
  const report = await complete(answer, options, paths.tlsDirectory);
  print(options.json ? JSON.stringify(report) : statusLines(report, options.version).join('\n'));
  return report.problems.reduce((code, problem) => Math.max(code, problem.exitCode === 4 ? 4 : 3), 0);
}

async function complete(
  {record, status, log}: StatusAnswer,
  options: {profile: string; env: NodeJS.ProcessEnv},
  tlsDirectory: string,
): Promise<StatusReport> {
  const {settings, startedAt, pid, version} = record;
  const name = contextName(options.profile);
  const days = settings.tcp ? await certificateDays(tlsDirectory) : undefined;
  // A damaged config.json of docker is docker's to report.
  const current = await currentContext(options.env).catch(() => undefined);
  const problems = problemsOf(status, days);
  return {
    schema: 1,
    state: problems.length === 0 ? 'running' : 'degraded',
    profile: options.profile,
    daemon: {
      pid,
      version,
      startedAt,
      uptimeSeconds: Math.max(0, Math.round((Date.now() - Date.parse(startedAt)) / 1000)),
      socket: settings.dockerSocket,
      ...(settings.tcp ? {tcp: `${settings.tcp.host}:${settings.tcp.port}`} : {}),
      log,
    },
    context: {name, current: current === name},
    ...(days === undefined ? {} : {certificates: {days}}),
    ...status,
    problems,
  };
}

async function certificateDays(tlsDirectory: string): Promise<number> {
  const {certificateFiles, daysLeft} = await import('../../config/certificates.ts');
  return (await daysLeft(certificateFiles(tlsDirectory))) ?? 0;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
