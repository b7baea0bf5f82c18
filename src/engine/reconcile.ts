import {setTimeout as sleep} from 'node:timers/promises';

import type {Pod, Secret} from '../cluster/cluster.ts';
import {containerFromSecret} from '../translate/container-record.ts';
import {CONTAINER_SECRET_TYPE} from '../translate/labels.ts';
import type {ContainerIndex} from './container-index.ts';
import type {Container} from './container.ts';
import type {ContainerRegistry} from './containers.ts';
import type {EngineContext} from './context.ts';
import type {PodPool} from './pod-pool.ts';
import {type PodEnd, podReadiness} from './pod-readiness.ts';
import {removeAfterExit} from './remove-container.ts';
import {openPorts} from './start-container.ts';

/** How long the first `docker ps` waits for the agents of running containers to say what became of them, in milliseconds. */
const PATIENCE = 3000;

const GONE: PodEnd = {message: 'its Pod is gone', exitCode: undefined, oomKilled: false, refused: false};

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
  const restored: Container[] = [];
  for (const secret of found.secrets.filter(({type}) => type === CONTAINER_SECRET_TYPE)) {
    const name = secret.metadata?.name ?? '';
    const stored = containerFromSecret(secret);
    if (stored)
      restored.push(restore(registry.make(stored.record, stored.state), pods.get(name), {index, pool}));
    else context.log('a record cannot be read; it and its Pod are left alone', {secret: name});
    pods.delete(name);
  }
  await Promise.all([
    ...[...pods.keys()].map(name => deleteOrphan(name, context)),
    Promise.race([
      Promise.all(restored.map(container => resume(container, context))),
      sleep(PATIENCE, undefined, {ref: false}),
    ]),
  ]);
  for (const container of restored) {
    // With --rm the record does not say whether it ever ran. Without a Pod it has: who made it has gone with the last daemon.
    if (container.autoRemove && !container.agent) void removeAfterExit(container, {context, index, pool});
  }
}

function restore(
  container: Container,
  pod: Pod | undefined,
  {index, pool}: {index: ContainerIndex; pool: PodPool},
): Container {
  index.add(container);
  if (pod) container.adopt(pool.attach(pod, container.record.agentKey));
  const readiness = podReadiness(pod);
  if (readiness.kind === 'ended') container.podEnded(readiness.why);
  else if (!pod) container.podEnded(GONE);
  return container;
}

/** Its ports, and what its agent knows better than the record. */
async function resume(container: Container, context: EngineContext): Promise<void> {
  const recordedRunning = container.running;
  if (recordedRunning) await reopenPorts(container, context);
  await container.agent?.link.ready().catch(() => {});
  if (!recordedRunning && container.running) await reopenPorts(container, context);
}

async function reopenPorts(container: Container, context: EngineContext): Promise<void> {
  try {
    await openPorts(container, context, container.state.ports);
    // It may have ended in the meantime.
    if (!container.running) container.closePorts();
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
