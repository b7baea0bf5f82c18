import {Conflict} from '../errors.ts';
import {objectName} from '../translate/labels.ts';
import type {ContainerIndex} from './container-index.ts';
import type {Container} from './container.ts';
import type {EngineContext} from './context.ts';
import type {PodPool} from './pod-pool.ts';
import {killForRemoval} from './stop-container.ts';

/** Readers of the last output get this long before `rm -f` cuts them off, in milliseconds. */
const DRAIN = 1000;

export interface RemovalRooms {
  context: EngineContext;
  index: ContainerIndex;
  pool: PodPool;
}

/**
 * `docker rm`. The record goes first: a daemon that dies in between leaves a Pod without a record, which the next one deletes.
 * @throws Conflict when it runs and `force` is not set, or when another removal is on its way
 */
export async function removeContainer(
  container: Container,
  {reference, force}: {reference: string; force: boolean},
  {context, index, pool}: RemovalRooms,
): Promise<void> {
  if (container.removing) throw new Conflict(`removal of container ${reference} is already in progress`);
  if (container.running && !force) {
    throw new Conflict(
      `cannot remove container "${reference}": container is running: stop the container before removing or force remove`,
    );
  }
  container.removalBegins();
  try {
    await killForRemoval(container);
    await container.readers.ended(DRAIN);
    await context.cluster.deleteSecret(objectName(container.id));
  } catch (error) {
    container.removalFailed();
    throw error;
  }
  container.podEnded({message: '', exitCode: 137, oomKilled: false, refused: false});
  index.delete(container);
  container.removed();
  // Nobody waits for the Pod: without its record it is no container any more.
  pool.delete(objectName(container.id)).catch((error: unknown) => {
    context.log('a Pod could not be deleted; the next start of the daemon does it', {
      container: container.id,
      error: String(error),
    });
  });
}

/** `--rm`: once it has ended and everybody who reads its output has read it. */
export async function removeAfterExit(container: Container, rooms: RemovalRooms): Promise<void> {
  await container.readers.ended();
  if (container.removing) return;
  try {
    await removeContainer(container, {reference: container.id, force: true}, rooms);
  } catch (error) {
    rooms.context.log('a container with --rm could not be removed', {
      container: container.id,
      error: String(error),
    });
  }
}
