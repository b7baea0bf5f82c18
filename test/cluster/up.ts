import {mkdirSync} from 'node:fs';
import {dirname} from 'node:path';

import {ensureBinaries, type Binaries} from './build.ts';
import {makeCgroups} from './cgroups.ts';
import {commandOf, componentNames, type ComponentName} from './components.ts';
import {writeConfigFiles} from './config-files.ts';
import {removeCluster} from './down.ts';
import {ClusterError} from './errors.ts';
import {ensureImages} from './images.ts';
import {connectNode, nodeIp, registryUrl} from './network.ts';
import {makeMountPoints, missingMountPoints, startNode, startOnNode} from './node.ts';
import {makeObjects, waitForApi, waitForNode, waitForPort} from './objects.ts';
import {ensurePackages, whyNotHere} from './packages.ts';
import {logFolder} from './paths.ts';
import {makePki} from './pki.ts';
import {isAlive, kill, until, type ProcessId} from './processes.ts';
import {step} from './progress.ts';
import {answersHttp, pushImages} from './registry.ts';
import {readState, withLock, writeState, type State} from './state.ts';
import {readSysctls, enableForwarding} from './sysctls.ts';

/** Makes sure that the cluster runs and its node is Ready; returns at once if so. What a crash has left is removed first. */
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
    try {
      await step('starting the cluster', () =>
        start(binaries, AbortSignal.any([signal, AbortSignal.timeout(60_000)])),
      );
      await pushImages(images, signal);
    } catch (error) {
      throw new ClusterError(`The cluster did not start; its logs are in ${logFolder}`, {cause: error});
    }
    return 'started';
  });
}

/** Ends the API server as a crash would and starts it again `downForMs` later; everything else runs on. */
export async function restartApiServer({downForMs = 0}: {downForMs?: number} = {}): Promise<void> {
  const signal = AbortSignal.timeout(60_000 + downForMs);
  await withLock(signal, async () => {
    const state = readState();
    const running = state?.components['kube-apiserver'];
    if (state === undefined || running === undefined) {
      throw new ClusterError(
        'No cluster of ours runs, so its API server cannot be restarted. Start it: npm run cluster -- up',
      );
    }
    await kill(running);
    const free = performance.now() + downForMs;
    await until(() => performance.now() >= free, signal);
    await startComponent(state, 'kube-apiserver', {binaries: await ensureBinaries(signal), signal});
    await waitForApi(signal);
  });
}

/**
 * Whether every part lives and the node is Ready. A node that is not Ready is waited for: its API server may just have been
 * restarted, and somebody may be at work on it.
 */
async function isRunning(signal: AbortSignal): Promise<boolean> {
  const state = readState();
  if (!state?.init || !isAlive(state.init) || !componentNames.every(name => isRecordedAlive(state, name))) {
    return false;
  }
  return waitForNode('usable', AbortSignal.any([signal, AbortSignal.timeout(20_000)])).then(
    () => true,
    () => false,
  );
}

function isRecordedAlive(state: State, name: ComponentName): boolean {
  const recorded = state.components[name];
  return recorded !== undefined && isAlive(recorded);
}

async function start(binaries: Binaries, signal: AbortSignal): Promise<void> {
  mkdirSync(logFolder, {recursive: true, mode: 0o700});
  const state: State = {
    startedAt: new Date().toISOString(),
    components: {},
    madeFolders: missingMountPoints(),
    sysctls: readSysctls(),
  };
  writeState(state);
  const pki = makePki([nodeIp, '10.96.0.1', '127.0.0.1']);
  makeMountPoints(state.madeFolders);
  makeCgroups();
  state.init = await startNode([dirname(binaries['containerd'] ?? '')], signal);
  writeState(state);
  await connectNode(state.init.pid, signal);
  enableForwarding();
  writeConfigFiles(binaries, await pki);

  const begin = (name: ComponentName) => startComponent(state, name, {binaries, signal});
  await Promise.all([begin('etcd'), begin('containerd'), begin('registry'), begin('kube-apiserver')]);
  // The kubelet needs no more than an open port. The others need the server's own roles, which come 2 s later; started
  // sooner they would only take the kubelet's processor time and then sleep for a second between two looks.
  await waitForPort(signal);
  await begin('kubelet');
  await waitForNode('registered', signal);
  await Promise.all([begin('kube-controller-manager'), begin('kube-scheduler'), begin('kube-proxy')]);
  await waitForApi(signal);
  await until(() => answersHttp(`${registryUrl}/v2/`, signal), signal);
  await Promise.all([makeObjects(signal), waitForNode('usable', signal)]);
}

async function startComponent(
  state: State,
  name: ComponentName,
  {binaries, signal}: {binaries: Binaries; signal: AbortSignal},
): Promise<ProcessId> {
  if (state.init === undefined) {
    throw new ClusterError('The node does not run.');
  }
  const started = await startOnNode(state.init, {name, command: commandOf(name, binaries), signal});
  state.components[name] = started;
  writeState(state);
  return started;
}
