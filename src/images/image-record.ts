import {z} from 'zod';

const texts = z.array(z.string());
const labels = z.record(z.string(), z.string());

/** An image's HEALTHCHECK as its configuration has it; times in nanoseconds. */
export const Healthcheck = z.object({
  Test: texts.optional(),
  Interval: z.number().optional(),
  Timeout: z.number().optional(),
  StartPeriod: z.number().optional(),
  StartInterval: z.number().optional(),
  Retries: z.number().optional(),
});
export type Healthcheck = z.infer<typeof Healthcheck>;

const Descriptor = z.object({digest: z.string(), size: z.number()});

/**
 * What is kept of an image that has been pulled: enough to inspect it and to run it without asking the registry again. The schema reads back what the
 * index Secret holds.
 */
export const ImageRecord = z.object({
  /** full and normalised: `docker.io/library/busybox:latest`; one with a digest and no tag is an image that lost its tag, or never had one */
  reference: z.string(),
  /** the digest behind the reference, of a manifest or an index: Docker's Id with the containerd image store */
  id: z.string(),
  /** `docker.io/library/busybox@sha256:…`, for the kubelet: what was pulled is what runs */
  pullReference: z.string(),
  mediaType: z.string(),
  /** of the one platform's manifest; equals `id` unless that is an index */
  manifestDigest: z.string(),
  manifestSize: z.number(),
  configDigest: z.string(),
  os: z.string(),
  architecture: z.string(),
  variant: z.string(),
  author: z.string(),
  /** RFC 3339, or empty */
  created: z.string(),
  /** RFC 3339 */
  pulledAt: z.string(),
  /** compressed, as in the registry */
  layers: z.array(Descriptor),
  /** digests of the uncompressed layers */
  diffIds: texts,
  /** bytes in the registry: layers, configuration and manifest */
  size: z.number(),
  config: z.object({
    Env: texts,
    Cmd: texts,
    Entrypoint: texts,
    User: z.string(),
    WorkingDir: z.string(),
    ExposedPorts: texts,
    Volumes: texts,
    Labels: labels,
    Healthcheck: Healthcheck.optional(),
    StopSignal: z.string().optional(),
    Shell: texts,
  }),
});
export type ImageRecord = z.infer<typeof ImageRecord>;
