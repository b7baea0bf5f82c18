import {ensureBinaries} from './build.ts';
import {componentNames} from './components.ts';
import {removeCluster} from './down.ts';
import {ClusterError} from './errors.ts';
import {ensureImages} from './images.ts';
import {registryUrl} from './network.ts';
import {waitForNode} from './objects.ts';
import {ensurePackages, whyNotHere} from './packages.ts';
import {logFolder} from './paths.ts';
import {isAlive} from './processes.ts';
import {step} from './progress.ts';
import {pushImages} from './registry.ts';
import {start} from './start.ts';
import {readState, withLock} from './state.ts';

/** Makes sure that the cluster runs and takes Pods; returns at once if so. What a crash has left is removed first. */
export async function up(signal: AbortSignal): Promise<'started' | 'ran already'> {
  const reason = whyNotHere();
  if (reason !== undefined) {
    throw new ClusterError(`No cluster can be started here: ${reason}.`);
  }
  return withLock(signal, async () => {
    if (await isRunning(signal)) {
      return 'ran already';
    }
    await ensurePackages(signal);
    const binaries = await ensureBinaries(signal);
    const images = await ensureImages(binaries, signal);
    await removeCluster(signal);
    const patience = AbortSignal.any([signal, AbortSignal.timeout(180_000)]);
    try {
      await step('starting the cluster', () => start(binaries, patience));
      await pushImages(images, {url: registryUrl, signal});
    } catch (error) {
      throw new ClusterError(`The cluster did not start; its logs are in ${logFolder}`, {cause: error});
    }
    return 'started';
  });
}

/**
 * Whether every part lives and the node is Ready. A node that is not Ready is waited for: its API server may just have been
 * restarted, and somebody may be at work on it.
 */
async function isRunning(signal: AbortSignal): Promise<boolean> {
  const state = readState();
  const parts = [state?.init, ...componentNames.map(name => state?.components[name])];
  if (!parts.every(part => part !== undefined && isAlive(part))) {
    return false;
  }
  return waitForNode('usable', AbortSignal.any([signal, AbortSignal.timeout(20_000)])).then(
    () => true,
    () => false,
  );
}
