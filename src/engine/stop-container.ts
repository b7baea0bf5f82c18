import {Conflict, InvalidRequest, NotModified} from '../errors.ts';
import {signalNumber} from '../wire/signals.ts';
import type {Container} from './container.ts';

const SIGKILL = 9;
/** Docker's, in seconds. */
const DEFAULT_TIMEOUT = 10;
/** A process that SIGKILL does not end is stuck in the kernel. */
const KILL_PATIENCE = 10_000;

/**
 * `docker stop`: the stop signal, then SIGKILL when the timeout (seconds; -1 = never) is over. Resolves when the process has ended.
 * @throws NotModified when it does not run
 */
export async function stopContainer(
  container: Container,
  options: {signal: string | undefined; timeout: number | undefined},
): Promise<void> {
  if (!container.running) throw new NotModified(`container ${container.id} is not running`);
  const {request, image} = container.record;
  const signal = parseSignal(
    options.signal ?? request.StopSignal ?? image.config.StopSignal ?? 'SIGTERM',
    container.name,
  );
  const timeout = options.timeout ?? request.StopTimeout ?? DEFAULT_TIMEOUT;
  const ended = exitOf(container);
  if (timeout !== 0) await sendSignal(container, signal);
  if (!(await within(ended.exit, timeout < 0 ? undefined : timeout * 1000))) {
    await sendSignal(container, SIGKILL);
    await within(ended.exit, KILL_PATIENCE);
  }
  ended.forget();
  container.emit('stop');
}

/** `docker kill`. @throws Conflict when it does not run, InvalidRequest for a signal that does not exist */
export async function killContainer(
  container: Container,
  reference: string,
  signal: string | undefined,
): Promise<void> {
  const number = parseSignal(signal || 'SIGKILL', reference);
  if (!container.running)
    throw new Conflict(`cannot kill container: ${reference}: container ${container.id} is not running`);
  const ended = exitOf(container);
  await sendSignal(container, number);
  // After SIGKILL Docker answers when the process is gone.
  if (number === SIGKILL) await within(ended.exit, KILL_PATIENCE);
  ended.forget();
}

/** Ends a running container in the course of its removal; a Pod that cannot be reached is not waited for. */
export async function killForRemoval(container: Container): Promise<void> {
  if (!container.running || !container.agent?.link.connected) return;
  const ended = exitOf(container);
  await within(sendSignal(container, SIGKILL), 1000);
  await within(ended.exit, 2000);
  ended.forget();
}

async function sendSignal(container: Container, signal: number): Promise<void> {
  container.emit('kill', {signal: String(signal)});
  try {
    await container.agent?.link.signal(signal);
  } catch (error) {
    // It ended in the meantime: what was wanted.
    if (container.running) throw error;
  }
}

function parseSignal(text: string, reference: string): number {
  try {
    return signalNumber(text);
  } catch (error) {
    throw new InvalidRequest(`cannot kill container: ${reference}: invalid signal: ${text}`, {cause: error});
  }
}

function exitOf(container: Container): {exit: Promise<unknown>; forget(): void} {
  const waiting = new AbortController();
  const exit = container.wait('next-exit', waiting.signal).catch(() => {});
  return {exit, forget: () => waiting.abort()};
}

/** Whether it settled in time (milliseconds; undefined = wait for ever). */
async function within(promise: Promise<unknown>, milliseconds: number | undefined): Promise<boolean> {
  if (milliseconds === undefined) return promise.then(() => true);
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), milliseconds);
  try {
    return await Promise.race([promise.then(() => true as const), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
