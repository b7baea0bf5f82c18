import {readFile} from 'node:fs/promises';
import {isIPv6} from 'node:net';

import type {KubeconfigFile} from './kubeconfig-schema.ts';

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The kubeconfig of a process in a Pod: the service account that is mounted into it. Undefined outside of Pods. */
export async function inClusterConfig(
  env: NodeJS.ProcessEnv = process.env,
): Promise<KubeconfigFile | undefined> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) return undefined;
  const namespace = await readFile(`${accountFolder}/namespace`, 'utf8').catch(() => undefined);
  if (namespace === undefined) return undefined;
  const name = 'in-cluster';
  return {
    'current-context': name,
    contexts: [{name, context: {cluster: name, user: name, namespace: namespace.trim()}}],
    clusters: [
      {
        name,
        cluster: {
          server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
          'certificate-authority': `${accountFolder}/ca.crt`,
        },
      },
    ],
    users: [{name, user: {tokenFile: `${accountFolder}/token`}}],
  };
}
