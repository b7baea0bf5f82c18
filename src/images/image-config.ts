import {z} from 'zod';

import {DaemonError} from '../errors.ts';
import {Healthcheck, type ImageRecord} from './image-record.ts';

const text = z
  .string()
  .max(64 * 1024)
  .nullish()
  .transform(value => value ?? '');
const texts = z
  .array(z.string())
  .nullish()
  .transform(list => list ?? []);
const keys = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform(set => Object.keys(set ?? {}));

/** An image's configuration blob, OCI's or Docker's; what is not here (history, the builder's own) nobody asks us for. */
const ConfigBlob = z.object({
  architecture: z.string().regex(/^[a-z0-9_-]{1,32}$/i),
  os: z.string().regex(/^[a-z0-9_-]{1,32}$/i),
  variant: text,
  author: text,
  created: text,
  rootfs: z
    .object({diff_ids: texts})
    .nullish()
    .transform(rootfs => rootfs?.diff_ids ?? []),
  config: z
    .object({
      Env: texts,
      Cmd: texts,
      Entrypoint: texts,
      User: text,
      WorkingDir: text,
      ExposedPorts: keys,
      Volumes: keys,
      Labels: z
        .record(z.string(), z.string())
        .nullish()
        .transform(labels => labels ?? {}),
      Healthcheck: Healthcheck.nullish().transform(check => check ?? undefined),
      StopSignal: z
        .string()
        .nullish()
        .transform(signal => signal || undefined),
      Shell: texts,
    })
    .nullish()
    .transform(config => config ?? noConfig),
});

const noConfig = {
  Env: [],
  Cmd: [],
  Entrypoint: [],
  User: '',
  WorkingDir: '',
  ExposedPorts: [],
  Volumes: [],
  Labels: {},
  Healthcheck: undefined,
  StopSignal: undefined,
  Shell: [],
};

/** More than this of environment, labels and commands is not an image that anybody made in earnest, and it would have to fit into Secrets. */
const keptLimit = 256 * 1024;

export type ImageFacts = Pick<
  ImageRecord,
  'architecture' | 'os' | 'variant' | 'author' | 'created' | 'diffIds' | 'config'
>;

/** Reads a configuration blob. Rejects what is no image's, or too large to keep. */
export function parseImageConfig(bytes: Buffer): ImageFacts {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
  } catch {
    throw new DaemonError("the image's configuration is not JSON");
  }
  const parsed = ConfigBlob.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DaemonError(
      `the image's configuration makes no sense: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    );
  }
  const {rootfs, config, ...rest} = parsed.data;
  const {Healthcheck: check, StopSignal, ...plain} = config;
  const facts = {
    ...rest,
    diffIds: rootfs,
    config: {
      ...plain,
      ...(check === undefined ? {} : {Healthcheck: check}),
      ...(StopSignal === undefined ? {} : {StopSignal}),
    },
  };
  const length = JSON.stringify(facts).length;
  if (length > keptLimit) {
    throw new DaemonError(
      `the image's configuration is too large to keep: ${length} bytes, ${keptLimit} at most`,
    );
  }
  return facts;
}
