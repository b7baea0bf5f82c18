import {mkdirSync} from 'node:fs';
import {dirname} from 'node:path';

import type {Binaries} from './build.ts';
import {makeCgroups} from './cgroups.ts';
import {commandOf, type ComponentName} from './components.ts';
import {writeConfigFiles} from './config-files.ts';
import {ClusterError} from './errors.ts';
import {connectNode, nodeIp, registryUrl} from './network.ts';
import {makeMountPoints, missingMountPoints, startNode, startOnNode} from './node.ts';
import {makeObjects, waitForApi, waitForNode, waitForPort} from './objects.ts';
import {logFolder} from './paths.ts';
import {makePki} from './pki.ts';
import {isAlive, until} from './processes.ts';
import {answersHttp} from './registry.ts';
import {writeState, type State} from './state.ts';
import {enableForwarding, readSysctls} from './sysctls.ts';

/** Starts a new cluster on a machine that has none, and returns when it takes Pods; fails as soon as a part of it dies. */
export async function start(binaries: Binaries, givenUp: AbortSignal): Promise<void> {
  mkdirSync(logFolder, {recursive: true, mode: 0o700});
  const state: State = {
    startedAt: new Date().toISOString(),
    components: {},
    madeFolders: missingMountPoints(),
    sysctls: readSysctls(),
  };
  writeState(state);
  const death = new AbortController();
  const watch = setInterval(() => abortOnDeath(state, death), 250);
  try {
    await startParts(state, binaries, AbortSignal.any([givenUp, death.signal]));
  } catch (error) {
    death.signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(watch);
  }
}

/** Starts a component on the node that runs, and writes down who it is. */
export async function startComponent(
  state: State,
  name: ComponentName,
  {binaries, signal}: {binaries: Binaries; signal: AbortSignal},
): Promise<void> {
  if (state.init === undefined) {
    throw new ClusterError('The node does not run.');
  }
  state.components[name] = await startOnNode(state.init, {name, command: commandOf(name, binaries), signal});
  writeState(state);
}

async function startParts(state: State, binaries: Binaries, signal: AbortSignal): Promise<void> {
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

function abortOnDeath(state: State, death: AbortController): void {
  for (const [name, process] of Object.entries(state.components)) {
    if (!isAlive(process)) {
      death.abort(new ClusterError(`${name} ended during the start: see ${logFolder}/${name}.log`));
    }
  }
}
