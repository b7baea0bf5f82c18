import {z} from 'zod';

import {
  consoleSize,
  count,
  flag,
  keys,
  record,
  strings,
  stringsOrText,
  text,
  textOr,
  whole,
} from './json-fields.ts';
import {isHostPort, isPort} from './port-spec.ts';
import {isSignal} from './signals.ts';

const port = z.string().refine(isPort, {error: ({input}) => `invalid port specification: ${quoted(input)}`});
const hostPort = z
  .string()
  .refine(isHostPort, {error: ({input}) => `invalid port specification: ${quoted(input)}`});

/** `NAME=value`, or `NAME` alone, which Docker keeps as it is. */
const variable = z
  .string()
  .refine(isVariable, {error: ({input}) => `invalid environment variable: ${quoted(input)}`});

const HostConfig = z.object({
  AutoRemove: flag(),
  Init: flag(),
  NetworkMode: z
    .string()
    .nullish()
    .transform(mode => (!mode || mode === 'default' ? 'bridge' : mode)),
  PortBindings: z
    .record(
      port,
      z.array(z.object({HostIp: text(), HostPort: hostPort.nullish().transform(or(''))})).nullish(),
    )
    .nullish()
    .transform(bindings =>
      Object.fromEntries(Object.entries(bindings ?? {}).map(([key, list]) => [key, list ?? []])),
    ),
  PublishAllPorts: flag(),
  ConsoleSize: consoleSize(),
  RestartPolicy: z
    .object({Name: textOr('no'), MaximumRetryCount: count()})
    .nullish()
    .transform(or({Name: 'no', MaximumRetryCount: 0})),
  /** bytes; 0 = unlimited */
  Memory: count(),
  /** 10^-9 CPUs; 0 = unlimited */
  NanoCpus: count(),
  GroupAdd: strings(),
  ExtraHosts: strings(),
  Dns: strings(),
  DnsOptions: strings(),
  DnsSearch: strings(),
  ReadonlyRootfs: flag(),
  CapAdd: strings(),
  CapDrop: strings(),
  SecurityOpt: strings(),
  Runtime: text(),
  /** bytes */
  ShmSize: count(),
  LogConfig: z
    .object({Type: textOr('json-file'), Config: record(z.string())})
    .nullish()
    .transform(or({Type: 'json-file', Config: {}})),
});

const NetworkingConfig = z.object({EndpointsConfig: record(z.unknown())});

/**
 * The body of `POST /containers/create`, with every default of Docker filled in: Go clients send `null` for what is empty, SDKs leave it out.
 * Only what badidea acts on or echoes is named here; the raw body goes to `policy/`, which names every field that is not honoured.
 */
export const ContainerCreateRequest = z.object({
  Image: text(),
  Hostname: text(),
  Domainname: text(),
  User: text(),
  AttachStdin: flag(),
  AttachStdout: flag(),
  AttachStderr: flag(),
  Tty: flag(),
  OpenStdin: flag(),
  StdinOnce: flag(),
  Env: strings(variable),
  /** undefined = the image's own */
  Cmd: stringsOrText(),
  /** undefined = the image's own; [] or [''] = none */
  Entrypoint: stringsOrText(),
  WorkingDir: text(),
  Labels: record(z.string()),
  ExposedPorts: keys(port),
  Volumes: keys(),
  StopSignal: z
    .string()
    .refine(signal => signal === '' || isSignal(signal), {
      error: ({input}) => `invalid signal: ${String(input)}`,
    })
    .nullish()
    .transform(signal => signal || undefined),
  /** seconds */
  StopTimeout: whole()
    .nullish()
    .transform(seconds => seconds ?? undefined),
  HostConfig: HostConfig.nullish().transform(given => given ?? HostConfig.parse({})),
  NetworkingConfig: NetworkingConfig.nullish().transform(or({EndpointsConfig: {}})),
});
export type ContainerCreateRequest = z.infer<typeof ContainerCreateRequest>;

function or<Value>(fallback: Value): (given: Value | null | undefined) => Value {
  return given => given ?? fallback;
}

function isVariable(setting: string): boolean {
  return setting !== '' && !setting.startsWith('=') && !setting.includes('\0');
}

/** Bounded: it goes into an error's message. */
function quoted(input: unknown): string {
  return JSON.stringify(String(input).slice(0, 200));
}
