import {existsSync, rmSync} from 'node:fs';

import {removeCgroups} from './cgroups.ts';
import {disconnectNode} from './network.ts';
import {removeMountPoints, startedNode} from './node.ts';
import {stateFolder} from './paths.ts';
import {kill, until, type ProcessId} from './processes.ts';
import {readState, withLock} from './state.ts';
import {restoreSysctls} from './sysctls.ts';

/** Ends the cluster and leaves nothing of it on the machine but the cache; tells whether there was one. */
export async function down(signal: AbortSignal): Promise<boolean> {
  return withLock(signal, () => removeCluster(signal));
}

/** The same, for who holds the lock. It works from any state that a crash may leave, and twice. */
export async function removeCluster(signal: AbortSignal): Promise<boolean> {
  const state = readState();
  const node = startedNode();
  if (!existsSync(stateFolder)) {
    return false;
  }
  // With its first process the kernel ends all processes of the node, and with those its mounts and links go.
  const [unshare, init] = node ?? [];
  for (const process of [init ?? state?.init, unshare]) {
    if (process !== undefined) {
      await kill(process, signal);
    }
  }
  await disconnectNode(signal);
  await reaped(unshare);
  await until(() => groupsAreGone(), signal);
  restoreSysctls(state?.sysctls ?? {});
  rmSync(stateFolder, {recursive: true, force: true});
  removeMountPoints(state?.madeFolders ?? []);
  return true;
}

/** Dead is not gone: who started the driver reaps in its own time, and where nobody does a dead entry stays for ever. */
async function reaped(process: ProcessId | undefined): Promise<void> {
  const gone = () => process === undefined || !existsSync(`/proc/${process.pid}`);
  await until(gone, AbortSignal.timeout(2000)).catch(() => undefined);
}

/** A group is busy until its last process is reaped. */
function groupsAreGone(): boolean {
  try {
    removeCgroups();
    return true;
  } catch {
    return false;
  }
}
