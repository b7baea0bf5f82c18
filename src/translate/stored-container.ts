import {z} from 'zod';

import type {ContainerCreateRequest} from '../wire/container-create-request.ts';
import type {ContainerRecord, ContainerState} from './container-record.ts';

/** Fields that are missing were added by a later version than the one that wrote the record: they get Docker's default. */
const text = z.string().default('');
const flag = z.boolean().default(false);
const count = z.number().default(0);
const strings = z.array(z.string()).default([]);
const texts = z.record(z.string(), z.string()).default({});

/** Nanoseconds since 1970; within what a date can hold. */
const time = z.string().regex(/^\d{1,19}$/);
const number = z.number().int();

const HostConfig = z.object({
  AutoRemove: flag,
  Init: flag,
  NetworkMode: z.string().default('bridge'),
  PortBindings: z.record(z.string(), z.array(z.object({HostIp: text, HostPort: text}))).default({}),
  PublishAllPorts: flag,
  ConsoleSize: given(z.tuple([number, number])),
  RestartPolicy: z.object({Name: text, MaximumRetryCount: count}).default({Name: 'no', MaximumRetryCount: 0}),
  Memory: count,
  NanoCpus: count,
  GroupAdd: strings,
  ExtraHosts: strings,
  Dns: strings,
  DnsOptions: strings,
  DnsSearch: strings,
  ReadonlyRootfs: flag,
  CapAdd: strings,
  CapDrop: strings,
  SecurityOpt: strings,
  Runtime: text,
  ShmSize: count,
  LogConfig: z.object({Type: text, Config: texts}).default({Type: 'json-file', Config: {}}),
});

/** A request as it was read when the container was made; `wire/container-create-request.ts` has what clients send. */
const request = z.object({
  Image: z.string(),
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: strings,
  Cmd: given(z.array(z.string())),
  Entrypoint: given(z.array(z.string())),
  WorkingDir: text,
  Labels: texts,
  ExposedPorts: strings,
  Volumes: strings,
  StopSignal: given(z.string()),
  StopTimeout: given(number),
  HostConfig,
  NetworkingConfig: z
    .object({EndpointsConfig: z.record(z.string(), z.unknown())})
    .default({EndpointsConfig: {}}),
}) satisfies z.ZodType<ContainerCreateRequest>;

const image = z.object({
  id: z.string(),
  pullReference: z.string(),
  architecture: z.string(),
  config: z.object({
    Env: strings,
    Cmd: strings,
    Entrypoint: strings,
    User: text,
    WorkingDir: text,
    ExposedPorts: strings,
    Volumes: strings,
    Labels: texts,
    StopSignal: z.string().optional(),
  }),
});

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);

const record = z.object({
  id: hex64,
  name: z.string().min(1),
  created: time,
  request,
  hostConfig: z.record(z.string(), z.unknown()),
  image,
  // Without a key the agent is reached by exec, so a spoilt one is no reason to lose the container.
  agentKey: given(z.object({secret: hex64, hash: hex64})).catch(undefined),
}) satisfies z.ZodType<ContainerRecord>;

const state = z.object({
  status: z.enum(['created', 'running', 'exited']),
  startedAt: time,
  finishedAt: time,
  exitCode: number,
  oomKilled: z.boolean(),
  error: z.string(),
  ports: z.array(z.object({containerPort: z.string(), hostIp: z.string(), hostPort: number})),
}) satisfies z.ZodType<ContainerState>;

/** A record as it was stored; undefined if it is none: somebody spoilt it, or a later version wrote it otherwise. */
export function storedRecord(value: unknown): ContainerRecord | undefined {
  return record.safeParse(value).data;
}

export function storedState(value: unknown): ContainerState | undefined {
  return state.safeParse(value).data;
}

/** undefined where it was not given. The transformation makes the key one that is always there, as it is in a request. */
function given<Value>(schema: z.ZodType<Value>) {
  return schema.optional().transform(value => value);
}
