import {Conflict, NotFound} from '../errors.ts';
import {MANAGED_BY, MANAGED_BY_LABEL} from '../translate/labels.ts';
import type {ConfigMap} from './cluster.ts';
import type {Transport} from './transport.ts';

export interface ConfigMapsOptions {
  transport: Transport;
  /** `/api/v1/namespaces/x/configmaps` */
  path: string;
  labels: Record<string, string>;
  labelSelector: string;
}

/**
 * The agent's ConfigMaps: immutable, named by their content's hash. One that another owner in the namespace made is as good as ours, if its content is the
 * same byte for byte: whoever could plant another one would run a program of theirs in our containers.
 */
export function createConfigMaps({transport, path, labels, labelSelector}: ConfigMapsOptions) {
  async function find(name: string): Promise<ConfigMap | undefined> {
    try {
      return await transport.json<ConfigMap>({method: 'GET', path: `${path}/${name}`});
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  async function ensureConfigMap(configMap: ConfigMap): Promise<void> {
    const name = configMap.metadata?.name ?? '';
    const body = {
      ...configMap,
      apiVersion: 'v1',
      kind: 'ConfigMap',
      immutable: true,
      metadata: {...configMap.metadata, labels: {...configMap.metadata?.labels, ...labels}},
    };
    const found = (await find(name)) ?? (await create(body));
    if (found.metadata?.labels?.[MANAGED_BY_LABEL] !== MANAGED_BY || !sameContent(found, configMap)) {
      throw new Conflict(
        `The ConfigMap "${name}" has another content than this version of badidea puts there. Delete it and try again.`,
      );
    }
  }

  async function create(body: ConfigMap): Promise<ConfigMap> {
    try {
      return await transport.json<ConfigMap>({method: 'POST', path, body});
    } catch (error) {
      // Another daemon was quicker.
      const found = error instanceof Conflict ? await find(body.metadata?.name ?? '') : undefined;
      if (!found) throw error;
      return found;
    }
  }

  async function deleteConfigMaps(): Promise<void> {
    const {items} = await transport.json<{items: ConfigMap[]}>({method: 'GET', path, query: {labelSelector}});
    await Promise.all(
      items.map(async ({metadata}) => {
        await transport
          .json({method: 'DELETE', path: `${path}/${metadata?.name}`})
          .catch((error: unknown) => {
            if (!(error instanceof NotFound)) throw error;
          });
      }),
    );
  }

  return {ensureConfigMap, deleteConfigMaps};
}

function sameContent(one: ConfigMap, other: ConfigMap): boolean {
  return same(one.data, other.data) && same(one.binaryData, other.binaryData);
}

function same(one: Record<string, string> = {}, other: Record<string, string> = {}): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every(name => one[name] === other[name]);
}
