import {Conflict, Forbidden, NotFound} from '../errors.ts';
import {MANAGED_BY, MANAGED_BY_LABEL} from '../translate/labels.ts';
import type {ClusterAdministration} from './cluster.ts';
import type {ClusterTarget} from './kubeconfig.ts';
import {missingRights} from './rights.ts';
import type {Transport} from './transport.ts';

const podSecurityLabel = 'pod-security.kubernetes.io/enforce';

interface Namespace {
  metadata?: {labels?: Record<string, string>};
}

/** The questions of `up`, `status` and `doctor`. */
export function createAdministration(transport: Transport, target: ClusterTarget): ClusterAdministration {
  const {contextName, userName, namespace, cluster} = target;
  const path = `/api/v1/namespaces/${namespace}`;

  async function findNamespace(): Promise<Namespace | 'absent' | 'forbidden'> {
    try {
      return await transport.json<Namespace>({method: 'GET', path});
    } catch (error) {
      if (error instanceof NotFound) return 'absent';
      if (error instanceof Forbidden && error.reason === undefined) return 'forbidden';
      throw error;
    }
  }

  return {
    contextName,
    userName,
    namespace,
    server: cluster.server,
    async serverVersion() {
      const {gitVersion, platform} = await transport.json<{gitVersion: string; platform?: string}>({
        method: 'GET',
        path: '/version',
      });
      return {
        version: gitVersion,
        architecture: platform?.split('/')[1] ?? 'amd64',
        relistsOnDemand: isSince136(gitVersion),
      };
    },
    missingRights: async () => await missingRights(transport, namespace),
    async ensureNamespace() {
      const found = await findNamespace();
      if (typeof found === 'object') return 'exists';
      try {
        await transport.json({
          method: 'POST',
          path: '/api/v1/namespaces',
          body: {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: {
              name: namespace,
              labels: {[podSecurityLabel]: 'baseline', [MANAGED_BY_LABEL]: MANAGED_BY},
            },
          },
        });
        return 'created';
      } catch (error) {
        if (error instanceof Conflict) return 'exists';
        if (error instanceof Forbidden && found === 'forbidden') return 'unknown';
        throw error;
      }
    },
    async podSecurityLevel() {
      const found = await findNamespace();
      return typeof found === 'object' ? found.metadata?.labels?.[podSecurityLabel] : undefined;
    },
  };
}

/** Of what names no version nothing is assumed. */
function isSince136(version: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 36);
}
