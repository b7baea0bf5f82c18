import type {ContainerCreateRequest} from '../wire/container-create-request.ts';
import type {ContainerRecord, ImageConfig} from './container-record.ts';

/** What the agent is told to run: the fields of a SPEC of the agent protocol. */
export interface ProcessSpec {
  argv: string[];
  env: string[];
  cwd: string;
  user: string;
  groups: string[];
  tty: boolean;
  stdin: boolean;
  stdinOnce: boolean;
  detached: boolean;
  rows: number;
  columns: number;
}

/** Docker's PATH for an image that has none. */
const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The main process of a container, as Docker puts it together from the request and the image. */
export function processForContainer(record: ContainerRecord): ProcessSpec {
  const {request, image} = record;
  // A terminal has its size from the first moment: the client's own resize comes only after the start.
  const [rows, columns] = request.HostConfig.ConsoleSize ?? [0, 0];
  return {
    argv: commandLine(request, image.config),
    env: environmentOf(record),
    cwd: request.WorkingDir || image.config.WorkingDir || '/',
    user: request.User || image.config.User,
    groups: request.HostConfig.GroupAdd,
    tty: request.Tty,
    stdin: request.OpenStdin,
    stdinOnce: request.StdinOnce,
    detached: false,
    rows,
    columns,
  };
}

/** ENTRYPOINT and CMD: a new entrypoint resets the image's command, as in Docker. */
export function commandLine(request: ContainerCreateRequest, image: ImageConfig): string[] {
  const {entrypoint, command} = entrypointAndCommand(request, image);
  return [...entrypoint, ...command];
}

export function entrypointAndCommand(
  request: ContainerCreateRequest,
  image: ImageConfig,
): {entrypoint: string[]; command: string[]} {
  const given = request.Entrypoint;
  if (given === undefined) {
    return {entrypoint: image.Entrypoint, command: request.Cmd?.length ? request.Cmd : image.Cmd};
  }
  const entrypoint = given.length === 1 && given[0] === '' ? [] : given;
  if (given.length === 0)
    return {entrypoint: image.Entrypoint, command: request.Cmd?.length ? request.Cmd : image.Cmd};
  return {entrypoint, command: request.Cmd ?? []};
}

/** The image's variables, then the request's over them; a request's `NAME` without a value takes it away. */
export function mergedEnvironment(base: string[], over: string[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of [...base, ...over]) {
    if (entry.includes('=')) merged.set(variableName(entry), entry);
    else merged.delete(entry);
  }
  return [...merged.values()];
}

function variableName(entry: string): string {
  return entry.split('=', 1)[0] ?? entry;
}

/** What `docker inspect` shows as Config.Env: the request's variables, then those of the image that it leaves alone. */
export function configuredEnvironment(record: ContainerRecord): string[] {
  const given = new Set(record.request.Env.map(variableName));
  return [...record.request.Env, ...record.image.config.Env.filter(entry => !given.has(variableName(entry)))];
}

/** The hostname that the container sees. */
export function hostnameOf(record: {id: string; request: ContainerCreateRequest}): string {
  return record.request.Hostname || record.id.slice(0, 12);
}

/** What an exec inherits: the container's variables, and Docker's own (HOSTNAME; TERM with a terminal). */
export function environmentOf(record: ContainerRecord, tty = record.request.Tty): string[] {
  const own = [DEFAULT_PATH, `HOSTNAME=${hostnameOf(record)}`, ...(tty ? ['TERM=xterm'] : [])];
  return mergedEnvironment(own, configuredEnvironment(record));
}
