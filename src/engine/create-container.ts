import type {Secret} from '../cluster/cluster.ts';
import {InvalidRequest} from '../errors.ts';
import {createRefusals} from '../policy/create-refusals.ts';
import {type ContainerRecord, createdState, secretForContainer} from '../translate/container-record.ts';
import {objectName} from '../translate/labels.ts';
import {podForContainer} from '../translate/pod-for-container.ts';
import {commandLine} from '../translate/process-for-container.ts';
import type {ContainerCreateRequest} from '../wire/container-create-request.ts';
import {containerName, inventedName} from '../wire/names-and-ids.ts';
import {newAgentKey} from './agent-key.ts';
import type {ContainerIndex} from './container-index.ts';
import type {Container} from './container.ts';
import type {EngineContext} from './context.ts';
import {newId} from './new-id.ts';
import type {PodPool} from './pod-pool.ts';
import type {WarmPods} from './warm-pods.ts';

/** A Secret holds 1 MiB; base64 and the rest of the object take their part. */
const LARGEST_RECORD = 700_000;

export interface CreateOptions {
  name: string | undefined;
  platform: string | undefined;
  raw: unknown;
}

export interface CreateRooms {
  context: EngineContext;
  index: ContainerIndex;
  pool: PodPool;
  warmPods: WarmPods;
  makeContainer(record: ContainerRecord): Container;
}

/**
 * `docker create`: the record and the Pod are written side by side; the Pod starts at once and its agent holds. Fails with nothing left behind.
 * @throws InvalidRequest, NotFound (no such image), Conflict (name), Forbidden (policy or cluster)
 */
export async function createContainer(
  request: ContainerCreateRequest,
  options: CreateOptions,
  {context, index, makeContainer, pool, warmPods}: CreateRooms,
): Promise<{Id: string; Warnings: string[]}> {
  const warnings = createRefusals(options.raw, context.policy);
  const name = options.name === undefined ? freeName(index) : containerName(options.name);
  if (request.Image === '') throw new InvalidRequest('no command specified');
  const image = context.resolveImage(request.Image);
  if (commandLine(request, image.config).length === 0) throw new InvalidRequest('no command specified');
  index.requireFree(name);

  const warm = warmPods.take({request, image});
  const id = warm?.id ?? newId();
  const record: ContainerRecord = {
    id,
    name,
    created: String(context.now()),
    request,
    hostConfig: hostConfigOf(options.raw),
    image,
    agentKey: warm?.agentKey ?? newAgentKey(),
  };
  const makePod = () => pool.create(podForContainer(record, context.podSettings), record.agentKey);
  index.reserve(name, id);
  try {
    const ownSecret = secretFor(record, context);
    // Both are awaited whatever becomes of the other: a request under way could make what `undo` has just deleted.
    const [pod, secret] = await Promise.allSettled([
      // A held Pod may still be in the making, and fail for a reason that has passed.
      warm ? warm.agent.catch(makePod) : makePod(),
      context.cluster.createSecret(ownSecret),
    ]);
    if (pod.status === 'rejected') throw pod.reason;
    if (secret.status === 'rejected') throw secret.reason;
    const container = makeContainer(record);
    container.adopt(pod.value);
    index.add(container);
    container.emit('create');
  } catch (error) {
    index.release(name, id);
    await undo(objectName(id), {context, pool});
    throw error;
  } finally {
    warmPods.used(image);
  }
  return {Id: id, Warnings: warnings};
}

function freeName(index: ContainerIndex): string {
  for (let attempt = 0; ; attempt++) {
    const name = inventedName(Math.random, attempt);
    if (!index.hasName(name)) return name;
  }
}

/** Whichever of the two was made must not stay; it may have been made although its request failed. */
async function undo(name: string, {context, pool}: Pick<CreateRooms, 'context' | 'pool'>): Promise<void> {
  const outcomes = await Promise.allSettled([context.cluster.deleteSecret(name), pool.delete(name)]);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected')
      context.log('a container that could not be made left something behind', {
        name,
        error: String(outcome.reason),
      });
  }
}

function secretFor(record: ContainerRecord, context: EngineContext): Secret {
  const secret = secretForContainer(record, createdState, context.podSettings.owner);
  const bytes = secret.data?.['container']?.length ?? 0;
  if (bytes <= LARGEST_RECORD) return secret;
  throw new InvalidRequest(
    `the container's configuration is too large for its record: ${bytes} bytes, ${LARGEST_RECORD} fit.\nwhy: badidea keeps it in a Kubernetes Secret\nfix: pass large values in a file instead of environment variables, labels or arguments`,
  );
}

function hostConfigOf(raw: unknown): Record<string, unknown> {
  const hostConfig =
    typeof raw === 'object' && raw !== null && 'HostConfig' in raw ? raw.HostConfig : undefined;
  return typeof hostConfig === 'object' && hostConfig !== null ? {...hostConfig} : {};
}
