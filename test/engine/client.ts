import type {Attachment, OutputChunk, WaitCondition} from '../../src/api/engine.ts';
import {ContainerCreateRequest} from '../../src/wire/container-create-request.ts';
import type {TestEngine} from './support.ts';

/** `docker create alpine …`. @returns the id */
export async function create(
  engine: TestEngine,
  command: string[],
  {name, ...more}: Record<string, unknown> & {name?: string} = {},
): Promise<string> {
  const raw = {Image: 'alpine', Cmd: command, ...more};
  const {Id} = await engine.containers.create(ContainerCreateRequest.parse(raw), {
    name,
    platform: undefined,
    raw,
  });
  return Id;
}

/** `docker run -d alpine …`. @returns the id */
export async function runDetached(
  engine: TestEngine,
  command: string[],
  more?: Record<string, unknown> & {name?: string},
): Promise<string> {
  const id = await create(engine, command, more);
  await engine.containers.start(id);
  return id;
}

/** `docker run alpine …` in the order of the CLI: create, attach, wait, start. @returns what it wrote, as `1:text` and `2:text`, and its exit code */
export async function run(
  engine: TestEngine,
  command: string[],
  more?: Record<string, unknown> & {name?: string},
): Promise<{id: string; output: string; exitCode: number}> {
  const id = await create(engine, command, more);
  const attached = await attach(engine, id);
  const exit = waitFor(engine, id, autoRemove(more) ? 'removed' : 'next-exit');
  await engine.containers.start(id);
  const output = await written(attached);
  return {id, output, exitCode: await exit};
}

function autoRemove(more: Record<string, unknown> | undefined): boolean {
  const hostConfig = more?.['HostConfig'];
  return (
    typeof hostConfig === 'object' &&
    hostConfig !== null &&
    'AutoRemove' in hostConfig &&
    hostConfig.AutoRemove === true
  );
}

export function attach(
  engine: TestEngine,
  id: string,
  more: {stdin?: boolean; logs?: boolean; stream?: boolean} = {},
): Promise<Attachment> {
  return engine.containers.attach(id, {
    stream: true,
    logs: false,
    stdin: false,
    stdout: true,
    stderr: true,
    ...more,
  });
}

export async function waitFor(engine: TestEngine, id: string, condition: WaitCondition): Promise<number> {
  const {exit} = engine.containers.wait(id, condition, AbortSignal.timeout(15_000));
  return (await exit).StatusCode;
}

/** All that comes, neighbouring pieces of a channel as one: `1:out`, `2:err`. */
export async function written({output}: {output: AsyncIterable<OutputChunk>}): Promise<string> {
  let text = '';
  let last = 0;
  for await (const {channel, bytes} of output) {
    text += channel === last ? bytes.toString() : `${channel}:${bytes.toString()}`;
    last = channel;
  }
  return text;
}

/** What `docker logs` prints, in one text. */
export async function logs(
  engine: TestEngine,
  id: string,
  more: {tail?: number; since?: bigint; until?: bigint; follow?: boolean; stderr?: boolean} = {},
): Promise<string> {
  const options = {
    stdout: true,
    stderr: true,
    follow: false,
    tail: undefined,
    since: undefined,
    until: undefined,
    signal: AbortSignal.timeout(15_000),
    ...more,
  };
  const {output} = await engine.containers.logs(id, options);
  let text = '';
  for await (const {bytes} of output as AsyncIterable<OutputChunk>) text += bytes.toString();
  return text;
}
