import {spawn} from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';

import {ClusterError} from './errors.ts';
import {logFolder, stateFolder} from './paths.ts';
import {childrenOf, commandLine, parseStat, processId, until, type ProcessId} from './processes.ts';

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
const startPipe = join(stateFolder, 'start');
const readyMark = join(stateFolder, 'node.ready');

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
 * Starts the node: process, mount and network namespaces with a first process that starts the others and reaps. Whatever
 * runs in them ends with that process, and mounts and links end with the namespaces. Programs of the node find theirs in
 * the folders of `path`; of this process's environment they see nothing, least of all its proxy settings.
 */
export async function startNode(path: string[], signal: AbortSignal): Promise<ProcessId> {
  writeFileSync(initScript, initSource());
  const log = openSync(join(logFolder, 'node.log'), 'a');
  // The shell notes its own number and start before it becomes unshare, so that not even kill -9 of this driver in this
  // moment leaves a node that nobody knows.
  const unshare = 'unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private';
  const child = spawn(
    'sh',
    ['-c', `cat /proc/$$/stat >"$0"; exec ${unshare} bash "$1"`, unshareStat, initScript],
    {
      cwd: stateFolder,
      env: {PATH: [...path, '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':')},
      detached: true,
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  child.unref();
  await until(() => existsSync(readyMark) || child.exitCode !== null, signal);
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
  {name, command, signal}: {name: string; command: string[]; signal: AbortSignal},
): Promise<ProcessId> {
  const log = join(logFolder, `${name}.log`);
  const before = new Set(childrenOf(init.pid).map(child => child.pid));
  const find = () =>
    // Orphans of the node are children of its first process too, so the command line has to fit as well.
    childrenOf(init.pid).find(({pid}) => !before.has(pid) && commandLine(pid) === command.join(' '));
  tellInit(`exec ${command.map(quote).join(' ')} >>${quote(log)} 2>&1\n`);
  const patience = AbortSignal.any([signal, AbortSignal.timeout(20_000)]);
  await until(() => find() !== undefined, patience).catch(() => signal.throwIfAborted());
  const started = find();
  if (started === undefined) {
    throw new ClusterError(`${name} did not start: see ${log}`);
  }
  return started;
}

/** Writes a line to the first process; not waiting for a reader, it fails at once if that is dead. */
function tellInit(line: string): void {
  const pipe = openSync(startPipe, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    writeSync(pipe, line);
  } finally {
    closeSync(pipe);
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function initSource(): string {
  const mounts = ownFolders.map(folder => {
    const own = join(nodeFolder, folder);
    return `mkdir -p ${quote(own)}\nmount --bind ${quote(own)} ${quote(folder)}`;
  });
  return `# Process 1 of the test cluster's node: sets up its mounts, then starts what it is told to and reaps, until it is killed.
set -e
${mounts.join('\n')}
mount --make-rshared /
mkfifo ${quote(startPipe)}
exec 3<>${quote(startPipe)}
echo ready >${quote(readyMark)}
while read -r command <&3; do eval "$command" 3<&- & done
`;
}
