import {spawn} from 'node:child_process';
import {closeSync, existsSync, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {ClusterError} from './errors.ts';
import {logFolder, stateFolder} from './paths.ts';
import {childrenOf, parseStat, processId, until, type ProcessId} from './processes.ts';

/**
 * Folders that Kubernetes and containerd write to and that cannot all be set: the node sees one of its own, kept in the
 * state folder, in the place of each.
 */
const ownFolders = [
  '/run',
  '/tmp/hostpath_pv',
  '/var/lib/cni',
  '/var/lib/kubelet',
  '/var/log/containers',
  '/var/log/pods',
];

const nodeFolder = join(stateFolder, 'node');
const initScript = join(stateFolder, 'init.sh');
const unshareStat = join(stateFolder, 'unshare.stat');

/** The mount points that the machine lacks: to be written down before they are made. */
export function missingMountPoints(): string[] {
  return ownFolders.filter(folder => !existsSync(folder));
}

export function makeMountPoints(folders: string[]): void {
  for (const folder of folders) {
    mkdirSync(folder, {recursive: true});
  }
}

/** Removes the mount points that were made, unless somebody has put something in. */
export function removeMountPoints(folders: string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      // Not empty, or gone already: not ours to touch.
    }
  }
}

/**
 * Starts the node: process, mount and network namespaces with a first process that only reaps. Whatever runs in them ends
 * with that process, and mounts and links end with the namespaces.
 */
export async function startNode(signal: AbortSignal): Promise<ProcessId> {
  writeFileSync(initScript, initSource());
  const log = openSync(join(logFolder, 'node.log'), 'a');
  // The shell notes its own number and start before it becomes unshare, so that not even kill -9 of this driver in this
  // moment leaves a node that nobody knows.
  const unshare = 'unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private';
  const child = spawn(
    'sh',
    ['-c', `cat /proc/$$/stat >"$0"; exec ${unshare} bash "$1"`, unshareStat, initScript],
    {
      detached: true,
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  child.unref();
  await until(() => isReady() || child.exitCode !== null, signal);
  const init = startedNode()?.[1];
  if (init === undefined) {
    throw new ClusterError(`The node's namespaces could not be made: see ${join(logFolder, 'node.log')}`);
  }
  return init;
}

/** The processes `unshare` and `init` of a node that was started, by what the first has noted; undefined if dead. */
export function startedNode(): [ProcessId, ProcessId | undefined] | undefined {
  try {
    const noted = parseStat(readFileSync(unshareStat, 'utf8'));
    const unshare = noted && processId(noted.pid);
    if (noted === undefined || unshare?.startTicks !== noted.startTicks) {
      return undefined;
    }
    return [unshare, childrenOf(unshare.pid)[0]];
  } catch {
    return undefined;
  }
}

/** Starts a program on the node, its output going to a log file, and returns its number as the machine sees it. */
export async function startOnNode(
  init: ProcessId,
  name: string,
  {command, env, signal}: {command: string[]; env: Record<string, string>; signal: AbortSignal},
): Promise<ProcessId> {
  const log = openSync(join(logFolder, `${name}.log`), 'a');
  const args = ['--target', String(init.pid), '--mount', '--net', '--pid', '--', ...command];
  const entering = spawn('nsenter', args, {
    cwd: stateFolder,
    env: {...env, PATH: `${env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`},
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  entering.unref();
  const [pid] = [entering.pid ?? 0];
  await until(() => childrenOf(pid).length > 0 || entering.exitCode !== null, signal);
  const [started] = childrenOf(pid);
  if (started === undefined) {
    throw new ClusterError(`${name} ended at once: see ${join(logFolder, `${name}.log`)}`);
  }
  return started;
}

function isReady(): boolean {
  try {
    return readFileSync(join(stateFolder, 'node.ready'), 'utf8') !== '';
  } catch {
    return false;
  }
}

function initSource(): string {
  const mounts = ownFolders.map(folder => {
    const own = join(nodeFolder, folder);
    return `mkdir -p '${own}'\nmount --bind '${own}' '${folder}'`;
  });
  return `# Process 1 of the test cluster's node: sets up its mounts, then reaps what is left to it until it is killed.
set -e
${mounts.join('\n')}
mount --make-rshared /
exec 3<><(:)
echo ready >'${stateFolder}/node.ready'
while :; do read -r -t 86400 -u 3 || :; done
`;
}
