import {setInterval} from 'node:timers/promises';

import {removeContext, restoreContext} from '../../config/docker-context.ts';
import {checkProfileName, type ProfilePaths, profilePaths} from '../../config/paths.ts';
import {ensurePrivateDirectory} from '../../config/private-directory.ts';
import {type ControlClient, controlClient} from '../../daemon/control-client.ts';
import type {RemoveResult} from '../../daemon/messages.ts';
import {signalProcess, startTicks} from '../../daemon/pid.ts';
import {readRecord, settingsOf} from '../../daemon/record.ts';
import {Failure, failure, failureLines} from '../../failures/failure.ts';
import {printable} from '../../failures/printable.ts';
import {type Steps, stepsFor} from '../terminal/steps.ts';
import {ownContext} from './context-for-daemon.ts';
import {runDaemon} from './run-daemon.ts';

export interface DownOptions {
  profile: string;
  remove: boolean;
  json: boolean;
  version: string;
  env: NodeJS.ProcessEnv;
}

/** `badidea down`: stops the daemon, gives the docker context back and says what stays in the cluster; with `remove` nothing stays. */
export async function takeDown(options: DownOptions): Promise<{leftovers: boolean}> {
  const paths = profilePaths(checkProfileName(options.profile), options.env);
  const client = controlClient(paths.controlSocket, async () => ({
    pid: (await readRecord(paths.record))?.pid ?? 'unknown',
    log: paths.log,
  }));
  const steps = await stepsFor(options.json);

  const stays = await whatRuns(client);
  const removed = options.remove ? await remove(options, {paths, client, steps}) : undefined;
  const stopped = await stop(client, paths, steps);
  const own = ownContext(options, paths);
  const restored = await restoreContext(own, paths.previousContext);
  if (removed && removed.leftovers.length === 0) await removeContext(own);
  report(options, {stopped, restored, removed, stays});
  return {leftovers: (removed?.leftovers.length ?? 0) > 0};
}

interface Outcome {
  stopped: boolean;
  restored: string | undefined;
  removed: RemoveResult | undefined;
  stays: Stays | undefined;
}

interface Stays {
  containers: number;
  cluster: string;
  namespace: string;
}

async function whatRuns(client: ControlClient): Promise<Stays | undefined> {
  // A daemon that does not answer is stopped all the same.
  const answer = await client.status().catch(() => undefined);
  if (!answer) return undefined;
  const {containers, cluster} = answer.status;
  return {
    containers: containers.running + containers.paused,
    cluster: cluster.contextName,
    namespace: cluster.namespace,
  };
}

async function remove(
  options: DownOptions,
  {paths, client, steps}: {paths: ProfilePaths; client: ControlClient; steps: Steps},
): Promise<RemoveResult> {
  const byDaemon = await steps.run('Remove everything of ours', () => client.remove(), shown);
  if (byDaemon) return byDaemon;
  // Nobody to ask: a daemon for this one job, on the cluster that the last one worked with.
  const record = await readRecord(paths.record);
  if (!record) throw failure('BAD-213', {profile: options.profile});
  await Promise.all([paths.runtimeDirectory, paths.stateDirectory].map(ensurePrivateDirectory));
  const launched = await runDaemon({
    purpose: 'remove',
    settings: settingsOf(record),
    paths,
    steps,
    // `up` was agreed to, for this cluster.
    agreed: true,
    json: options.json,
    version: options.version,
    env: options.env,
    signal: new AbortController().signal,
  });
  if (launched.outcome === 'removed') return launched.result;
  throw failure('BAD-214', {pid: record.pid, seconds: 0, log: paths.log});
}

function shown(result: RemoveResult | undefined): string {
  return result ? `${result.containers} containers` : 'no daemon runs: starting one for it';
}

async function stop(client: ControlClient, paths: ProfilePaths, steps: Steps): Promise<boolean> {
  const record = await readRecord(paths.record);
  return steps.run(
    'Stop daemon',
    async () => {
      try {
        return (await client.stop()) === true;
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'BAD-214' || !record) throw error;
        return endProcess(record);
      }
    },
    stopped => (stopped ? `pid ${record?.pid ?? 'unknown'}` : 'was not running'),
  );
}

/** For a daemon that holds its socket but does not answer. It is the very process of daemon.json, or it gets no signal. */
async function endProcess(record: Identity): Promise<boolean> {
  return (await endBy('SIGTERM', record)) || endBy('SIGKILL', record);
}

async function endBy(signal: NodeJS.Signals, record: Identity): Promise<boolean> {
  if (!(await signalProcess(record, signal))) return true;
  // It is no child of ours, so nothing tells when it has gone but looking.
  const deadline = performance.now() + 3000;
  for await (const _ of setInterval(50)) {
    if ((await startTicks(record.pid)) !== record.startTicks) return true;
    if (performance.now() > deadline) break;
  }
  return false;
}

interface Identity {
  pid: number;
  startTicks: string;
}

function report(options: DownOptions, {stopped, restored, removed, stays}: Outcome): void {
  if (options.json) {
    process.stdout.write(`${JSON.stringify({schema: 1, stopped, context: restored, removed, stays})}\n`);
    return;
  }
  if (!stopped && !removed) process.stdout.write('badidea was not running\n');
  if (removed) {
    const what = removed.containers === 1 ? '1 container' : `${removed.containers} containers`;
    process.stdout.write(
      `Removed ${what} from ${printable(removed.cluster)}/${printable(removed.namespace)}\n`,
    );
  }
  if (restored !== undefined) process.stdout.write(`Docker context set back to "${printable(restored)}"\n`);
  if (removed && removed.leftovers.length > 0) {
    const facts = {
      count: removed.leftovers.length,
      leftovers: removed.leftovers.join('\n'),
      cluster: removed.cluster,
      namespace: removed.namespace,
    };
    process.stderr.write(`${failureLines(failure('BAD-212', facts)).join('\n')}\n`);
  }
  if (!removed && stays && stays.containers > 0) {
    const what = stays.containers === 1 ? '1 container keeps' : `${stays.containers} containers keep`;
    process.stdout.write(
      `${what} running in ${printable(stays.cluster)}/${printable(stays.namespace)}. Remove them: badidea down --remove\n`,
    );
  }
}
