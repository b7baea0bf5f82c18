import {z} from 'zod';

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
  Env: strings(),
  /** undefined = the image's own */
  Cmd: stringsOrText().optional(),
  /** undefined = the image's own; [] or [''] = none */
  Entrypoint: stringsOrText().optional(),
  WorkingDir: text(),
  Labels: z
    .record(z.string(), z.string())
    .nullish()
    .transform(labels => labels ?? {}),
  ExposedPorts: keys(),
  Volumes: keys(),
  StopSignal: z
    .string()
    .nullish()
    .transform(signal => signal || undefined),
  /** seconds */
  StopTimeout: z
    .number()
    .int()
    .nullish()
    .transform(seconds => seconds ?? undefined),
  HostConfig: z
    .object({
      AutoRemove: flag(),
      Init: flag(),
      NetworkMode: z
        .string()
        .nullish()
        .transform(mode => (!mode || mode === 'default' ? 'bridge' : mode)),
      PortBindings: z
        .record(z.string(), z.array(z.object({HostIp: text(), HostPort: text()})).nullish())
        .nullish()
        .transform(bindings =>
          Object.fromEntries(Object.entries(bindings ?? {}).map(([port, list]) => [port, list ?? []])),
        ),
      PublishAllPorts: flag(),
      RestartPolicy: z
        .object({
          Name: z
            .string()
            .nullish()
            .transform(name => name || 'no'),
          MaximumRetryCount: z
            .number()
            .int()
            .nullish()
            .transform(count => count ?? 0),
        })
        .nullish()
        .transform(policy => policy ?? {Name: 'no', MaximumRetryCount: 0}),
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
        .object({
          Type: text(),
          Config: z
            .record(z.string(), z.string())
            .nullish()
            .transform(config => config ?? {}),
        })
        .nullish()
        .transform(config => ({Type: config?.Type || 'json-file', Config: config?.Config ?? {}})),
    })
    .prefault({}),
  NetworkingConfig: z
    .object({
      EndpointsConfig: z
        .record(z.string(), z.unknown())
        .nullish()
        .transform(endpoints => endpoints ?? {}),
    })
    .nullish()
    .transform(config => config ?? {EndpointsConfig: {}}),
});
export type ContainerCreateRequest = z.infer<typeof ContainerCreateRequest>;

function text() {
  return z
    .string()
    .nullish()
    .transform(value => value ?? '');
}

function flag() {
  return z
    .boolean()
    .nullish()
    .transform(value => value ?? false);
}

function count() {
  return z
    .number()
    .int()
    .nullish()
    .transform(value => value ?? 0);
}

function strings() {
  return z
    .array(z.string())
    .nullish()
    .transform(list => list ?? []);
}

function stringsOrText() {
  return z
    .union([z.array(z.string()), z.string().transform(value => [value])])
    .nullish()
    .transform(list => list ?? undefined);
}

/** A Go set: `{"80/tcp": {}}`. */
function keys() {
  return z
    .record(z.string(), z.unknown())
    .nullish()
    .transform(set => Object.keys(set ?? {}));
}
