import {setTimeout as sleep} from 'node:timers/promises';

import type {Pod, Secret} from '../cluster/cluster.ts';
import {containerFromSecret} from '../translate/container-record.ts';
import {objectName} from '../translate/labels.ts';
import type {ContainerIndex} from './container-index.ts';
import type {Container} from './container.ts';
import type {ContainerRegistry} from './containers.ts';
import type {EngineContext} from './context.ts';
import type {PodPool} from './pod-pool.ts';
import {podReadiness} from './pod-readiness.ts';
import {removeAfterExit} from './remove-container.ts';
import {openPorts} from './start-container.ts';

/** How long the first `docker ps` waits for the agents of running containers to say what became of them, in milliseconds. */
const PATIENCE = 3000;

/**
 * A new daemon finds everything as the last one left it, however that ended: containers from their Secrets, Pods and agents behind them, published ports where
 * they were. Pods without a record are nobody's: they are deleted.
 */
export async function reconcile(
  found: {secrets: Secret[]; pods: Pod[]},
  rooms: {context: EngineContext; index: ContainerIndex; pool: PodPool; registry: ContainerRegistry},
): Promise<void> {
  const {context, index, pool, registry} = rooms;
  const pods = new Map(found.pods.map(pod => [pod.metadata?.name ?? '', pod]));
  const restored = found.secrets.flatMap(secret => {
    const stored = containerFromSecret(secret);
    return stored ? [registry.make(stored.record, stored.state)] : [];
  });
  for (const container of restored) {
    index.add(container);
    const name = objectName(container.id);
    adopt(container, pods.get(name), pool);
    pods.delete(name);
  }
  await Promise.all([
    ...restored.map(container => restorePorts(container, context)),
    ...[...pods.keys()].map(name => deleteOrphan(name, context)),
    Promise.race([Promise.all(restored.map(agentHeard)), sleep(PATIENCE, undefined, {ref: false})]),
  ]);
  for (const container of restored) {
    if (container.autoRemove && container.state.status === 'exited')
      void removeAfterExit(container, {context, index, pool});
  }
}

function adopt(container: Container, pod: Pod | undefined, pool: PodPool): void {
  const readiness = podReadiness(pod);
  if (pod !== undefined && readiness.kind !== 'ended') container.adopt(pool.attach(pod));
  else if (readiness.kind === 'ended') container.podEnded(readiness.why);
  else
    container.podEnded({message: 'its Pod is gone', exitCode: undefined, oomKilled: false, refused: false});
}

async function restorePorts(container: Container, context: EngineContext): Promise<void> {
  if (!container.running) return;
  try {
    await openPorts(container, context, container.state.ports);
  } catch (error) {
    // The container runs on; somebody else has its port now.
    context.log('a published port could not be opened again', {
      container: container.name,
      error: String(error),
    });
  }
}

async function deleteOrphan(name: string, context: EngineContext): Promise<void> {
  try {
    await context.cluster.deletePod(name, {gracePeriodSeconds: 0});
  } catch (error) {
    context.log('a Pod without a record could not be deleted', {pod: name, error: String(error)});
  }
}

async function agentHeard(container: Container): Promise<void> {
  await container.agent?.link.ready().catch(() => {});
}
