import {ensureCertificates} from '../../config/certificates.ts';
import {dockerVersion} from '../../config/docker-cli.ts';
import {refuseForeignContext} from '../../config/docker-context.ts';
import {checkProfileName, type ProfilePaths, profilePaths} from '../../config/paths.ts';
import {ensurePrivateDirectory} from '../../config/private-directory.ts';
import {controlClient} from '../../daemon/control-client.ts';
import type {DaemonRecord} from '../../daemon/record.ts';
import type {DaemonSettings} from '../../daemon/types.ts';
import {failure} from '../../failures/failure.ts';
import {printable} from '../../failures/printable.ts';
import {type Steps, stepsFor} from '../terminal/steps.ts';
import {type ContextOutcome, ownContext, pointContext} from './context-for-daemon.ts';
import {daemonSettings, type SettingFlags, settingDifferences} from './daemon-settings.ts';
import {runDaemon} from './run-daemon.ts';

export interface UpOptions extends SettingFlags {
  use: boolean;
  /** `-y` */
  agreed: boolean;
  json: boolean;
  version: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** `badidea up`: from flags to a daemon that answers and a docker context that points to it. Running already with the same settings is fine. */
export async function bringUp(options: UpOptions): Promise<void> {
  const paths = profilePaths(checkProfileName(options.profile), options.env);
  const settings = await daemonSettings(options, paths, options.env);
  const client = controlClient(paths.controlSocket, async () => ({pid: 'unknown', log: paths.log}));
  const there = await client.hello();
  const steps = await stepsFor(options.json || there !== undefined);
  await prepare(options, paths, steps);
  // A daemon that runs holds the certificates that are there.
  if (settings.tcp && !there) {
    await steps.run(
      'Certificates',
      () => ensureCertificates(paths.tlsDirectory),
      ({days}) => `valid ${days} days`,
    );
  }

  const started = there ? undefined : await start(options, paths, settings, steps);
  const record = there ?? started ?? (await client.hello());
  if (!record) throw failure('BAD-209', {profile: options.profile, socket: paths.controlSocket});
  if (record !== started) refuseOtherSettings(settings, record);
  const context = await steps.run(
    `Docker context "${ownContext(options, paths).name}"`,
    () => pointContext(options, paths, {tcp: record.settings.tcp, fresh: record === started}),
    shown => shown.words,
  );
  report(options, record, context, record !== started);
}

/** Everything that can be wrong on this machine, before anything is started or written elsewhere. */
async function prepare(options: UpOptions, paths: ProfilePaths, steps: Steps): Promise<void> {
  await steps.run(
    'Check local setup',
    async () => {
      await Promise.all([paths.runtimeDirectory, paths.stateDirectory].map(ensurePrivateDirectory));
      await refuseForeignContext(ownContext(options, paths));
      return dockerVersion(options.env);
    },
    docker => `${docker ? `docker CLI ${docker}` : 'no docker CLI'}, Node ${process.versions.node}`,
  );
}

/** Undefined when another `up` was quicker: its daemon is the one. */
async function start(
  options: UpOptions,
  paths: ProfilePaths,
  settings: DaemonSettings,
  steps: Steps,
): Promise<DaemonRecord | undefined> {
  const launched = await runDaemon({purpose: 'serve', settings, paths, steps, ...options});
  return launched.outcome === 'ready' ? launched.record : undefined;
}

function refuseOtherSettings(settings: DaemonSettings, record: DaemonRecord): void {
  const differences = settingDifferences(settings, record);
  if (differences.length > 0) throw failure('BAD-201', {difference: differences.join('\n')});
}

function report(options: UpOptions, record: DaemonRecord, context: ContextOutcome, already: boolean): void {
  const {settings, target, pid} = record;
  if (options.json) {
    const answer = {
      schema: 1,
      started: !already,
      pid,
      socket: settings.dockerSocket,
      context: context.name,
      cluster: target,
    };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  if (already) {
    const where = `cluster ${printable(target.contextName)}, namespace ${printable(target.namespace)}`;
    process.stdout.write(
      `badidea is already running (pid ${pid}, ${where}); docker context "${context.name}" ${context.words}\n`,
    );
  } else {
    const run = context.current ? 'docker run' : `docker --context ${context.name} run`;
    process.stdout.write(`Next:  ${run} --rm -p 8080:80 nginx\n`);
    if (!context.current)
      process.stdout.write(
        `       docker context use ${context.name}      (or each time: badidea up --use)\n`,
      );
  }
  for (const warning of context.warnings) process.stderr.write(`${warning}\n`);
}
