import {z} from 'zod';

const text = z.string().optional();

const cluster = z.object({
  server: z.string(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': text,
  'proxy-url': text,
  extensions: z.array(z.object({name: z.string(), extension: z.unknown()})).optional(),
});

const exec = z.object({
  apiVersion: z.string(),
  command: z.string(),
  args: z.array(z.string()).optional(),
  env: z.array(z.object({name: z.string(), value: z.string().default('')})).optional(),
  installHint: text,
  provideClusterInfo: z.boolean().optional(),
  interactiveMode: text,
});

const user = z.object({
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  as: text,
  'as-uid': text,
  'as-groups': z.array(z.string()).optional(),
  'as-user-extra': z.record(z.string(), z.array(z.string())).optional(),
  'auth-provider': z
    .object({name: z.string(), config: z.record(z.string(), z.string()).optional()})
    .optional(),
  exec: exec.optional(),
});

const context = z.object({cluster: z.string(), user: text, namespace: text});

/**
 * A kubeconfig file as kubectl reads it (client-go `clientcmd/api/v1/types.go`), as far as we act on it. Go reads an absent, an empty and a null
 * value alike, so these are dropped first.
 */
export const KubeconfigFile = z.preprocess(
  withoutEmpty,
  z.object({
    'current-context': text,
    clusters: z.array(z.object({name: z.string(), cluster})).default([]),
    contexts: z.array(z.object({name: z.string(), context})).default([]),
    users: z.array(z.object({name: z.string(), user: user.default({})})).default([]),
  }),
);

export type KubeconfigFile = z.infer<typeof KubeconfigFile>;
export type ClusterEntry = z.infer<typeof cluster>;
export type UserEntry = z.infer<typeof user>;
export type ExecEntry = z.infer<typeof exec>;

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, entry]) => entry !== null && entry !== '');
  return Object.fromEntries(kept.map(([name, entry]) => [name, withoutEmpty(entry)]));
}
