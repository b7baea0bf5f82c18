import {homedir} from 'node:os';
import {join} from 'node:path';

/** Everything a running cluster writes, logs included; `down` deletes it whole. */
export const stateFolder = join(
  process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'),
  'badidea-cluster',
);

/** What is worth keeping over `down`: binaries, image layers, the registry's storage. */
export const cacheFolder = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'badidea-cluster',
);

/** Where `badidea`'s and the administrator's kubeconfig lie while the cluster runs. */
export const kubeconfigPaths = {
  admin: join(stateFolder, 'admin.kubeconfig'),
  badidea: join(stateFolder, 'badidea.kubeconfig'),
};

export const logFolder = join(stateFolder, 'logs');
