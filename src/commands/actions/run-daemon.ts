import {readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {delimiter, join} from 'node:path';

import type {ProfilePaths} from '../../config/paths.ts';
import {daemonEnvironment} from '../../daemon/environment.ts';
import type {Purpose} from '../../daemon/messages.ts';
import {type Launched, launchDaemon} from '../../daemon/process.ts';
import type {ClusterTarget, DaemonSettings} from '../../daemon/types.ts';
import {failure} from '../../failures/failure.ts';
import {printable} from '../../failures/printable.ts';
import {askYesNo, canAsk} from '../terminal/ask.ts';
import {followSteps} from '../terminal/followed-steps.ts';
import type {Steps} from '../terminal/steps.ts';

interface Run {
  purpose: Purpose;
  settings: DaemonSettings;
  paths: ProfilePaths;
  steps: Steps;
  agreed: boolean;
  json: boolean;
  version: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Starts a daemon process, shows its steps here, and has the cluster named and agreed to before it is touched. */
export async function runDaemon(run: Run): Promise<Launched> {
  const followed = followSteps(run.steps);
  const {settings, paths} = run;
  try {
    return await launchDaemon({
      order: {
        type: 'start',
        purpose: run.purpose,
        version: run.version,
        settings,
        paths: {controlSocket: paths.controlSocket, log: paths.log, record: paths.record},
      },
      env: daemonEnvironment(run.env, {
        kubeconfig: settings.kubeconfig,
        kubeconfigText: await kubeconfigText(settings, run.env),
      }),
      events: {...followed, confirm: target => agree(target, run)},
      stepTimeoutMs: 60_000,
      signal: run.signal,
    });
  } finally {
    await followed.settled();
  }
}

async function agree(target: ClusterTarget, run: Run): Promise<void> {
  const cluster = printable(target.contextName);
  const whole = `cluster ${cluster} (${printable(target.server)}, user ${printable(target.userName) || 'none'}) namespace ${printable(target.namespace)}`;
  if (!run.json) process.stderr.write(`badidea ${run.version} -> ${whole}\n`);
  if (run.agreed || looksLocal(target.contextName)) return;
  if (!canAsk()) throw failure('BAD-004', {cluster});
  if (!(await askYesNo(`Use this cluster?`, run.signal))) throw failure('BAD-003', {});
}

/** By the names that KinD, minikube, Docker Desktop and others give to clusters on this machine, or a name that says it is for tests. */
function looksLocal(context: string): boolean {
  return /^(kind-|k3d-|minikube|docker-desktop$|rancher-desktop$|colima|orbstack$|microk8s$)|(^|[-_])test($|[-_0-9])/.test(
    context,
  );
}

/** Only to see which variables its plugins are told to read. */
async function kubeconfigText(settings: DaemonSettings, env: NodeJS.ProcessEnv): Promise<string> {
  const files = settings.kubeconfig?.split(delimiter) ?? [join(env['HOME'] || homedir(), '.kube', 'config')];
  const texts = await Promise.all(files.map(file => readFile(file, 'utf8').catch(() => '')));
  return texts.join('\n');
}
