import {Conflict, DaemonError, InvalidRequest, NotModified, Unavailable} from '../errors.ts';
import {AgentError, LinkLost, stage} from '../link/errors.ts';
import type {DialPort} from '../ports/forwarder.ts';
import type {PublishedPort} from '../translate/container-record.ts';
import {portRequests} from '../translate/port-requests.ts';
import {processForContainer} from '../translate/process-for-container.ts';
import {startFailure} from '../translate/start-failure.ts';
import {PodEnded} from './agent-pod.ts';
import type {Container} from './container.ts';
import type {EngineContext} from './context.ts';

/**
 * `docker start`: ports first (a conflict leaves nothing half-made), then one message to the agent.
 * @throws NotModified when it runs, InvalidRequest in Docker's words when the process cannot be run, Unavailable when its Pod cannot
 */
export async function startContainer(
  container: Container,
  context: EngineContext,
  ensureAgent: () => Promise<void>,
): Promise<void> {
  if (container.removing)
    throw new Conflict(`container ${container.id} is marked for removal and cannot be started`);
  if (container.running) throw new NotModified(`container ${container.id} is already running`);
  try {
    await openPorts(container, context);
    await ensureAgent();
    await runProcess(container);
  } catch (error) {
    const failure = describe(error, container);
    container.startFailed(failure.message, failure.exitCode);
    throw failure.error;
  }
}

/** Binds what `-p` and `-P` ask for; `before` as `portRequests` has it. @throws DaemonError in Docker's words when a port is taken */
export async function openPorts(
  container: Container,
  context: EngineContext,
  before: PublishedPort[] = [],
): Promise<void> {
  const requests = portRequests(container.record, before);
  if (requests.length === 0) return;
  try {
    container.published(await context.publishPorts(requests, dialInto(container)));
  } catch (error) {
    if (!(error instanceof DaemonError)) throw error;
    const message = `failed to set up container networking: driver failed programming external connectivity on endpoint ${container.name} (${container.id}): ${error.message}`;
    throw new DaemonError(message, {cause: error});
  }
}

async function runProcess(container: Container): Promise<void> {
  const {agent} = container;
  if (agent === undefined) throw new Unavailable(`container ${container.id} has no Pod`);
  const {pid, startedAt} = await agent.link.start(processForContainer(container.record));
  container.started(pid, startedAt);
}

function dialInto(container: Container): DialPort {
  return port => {
    if (!container.agent) throw new Unavailable(`container ${container.id} has no Pod`);
    return container.agent.link.dialNow(port);
  };
}

function describe(error: unknown, container: Container): {error: Error; message: string; exitCode: number} {
  if (error instanceof AgentError) {
    const {argv, cwd} = processForContainer(container.record);
    const {message, exitCode} = startFailure(error, {program: argv[0] ?? '', cwd});
    // dockerd answers 500 for a user that is not there, and 400 for a program.
    const Kind = error.stage === stage.user ? DaemonError : InvalidRequest;
    return {error: new Kind(message, {cause: error}), message, exitCode};
  }
  const lost = error instanceof LinkLost ? error.cause : error;
  if (lost instanceof PodEnded) {
    const message = `the container's Pod could not run: ${lost.message}`;
    return {error: new Unavailable(message, {cause: error}), message, exitCode: 128};
  }
  const known = error instanceof Error ? error : new DaemonError(String(error));
  return {error: known, message: known.message, exitCode: 128};
}
