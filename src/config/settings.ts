import {failure} from '../failures/failure.ts';

/** What a person may set for all profiles in config.json. Flags of `up` win over it. */
export interface UserSettings {
  kubeContext?: string;
  namespace?: string;
  warm: WarmSettings;
  registries: Record<string, RegistrySettings>;
  forward: {allowNonLoopback: boolean};
  podRequests: {cpu: string; memory: string};
}

/** Held Pods that wait for the next `docker run`. */
export interface WarmSettings {
  count: number;
  idleSeconds: number;
  /** Images to hold Pods of from the start, beside the one last used. */
  images: string[];
}

export interface RegistrySettings {
  /** Base URL that is asked instead of the registry. */
  mirror?: string;
}

const text = {type: 'string', minLength: 1, maxLength: 253} as const;
const quantity = {type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi)?$'} as const;

/** JSON Schema of config.json; also its documentation. */
const settingsSchema = {
  kubeContext: {...text, description: "The kubeconfig context to use; default: the kubeconfig's current one"},
  namespace: {
    type: 'string',
    pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
    description: 'The namespace to work in',
  },
  warm: {
    type: 'object',
    additionalProperties: false,
    description: 'Held Pods that make the next docker run quick',
    properties: {
      count: {type: 'integer', minimum: 0, maximum: 20},
      idleSeconds: {type: 'integer', minimum: 10, maximum: 86_400},
      images: {type: 'array', maxItems: 20, items: text},
    },
  },
  registries: {
    type: 'object',
    description: 'By registry name, as docker.io',
    additionalProperties: {
      type: 'object',
      additionalProperties: false,
      properties: {mirror: {type: 'string', pattern: '^https?://[^\\s]+$', maxLength: 2000}},
    },
  },
  forward: {
    type: 'object',
    additionalProperties: false,
    description: 'Published ports',
    properties: {allowNonLoopback: {type: 'boolean'}},
  },
  podRequests: {
    type: 'object',
    additionalProperties: false,
    description: "What a container's Pod requests when docker run names nothing",
    properties: {cpu: quantity, memory: quantity},
  },
} as const;

/** Reads config.json of that folder, checked against the schema; absent means defaults, and nothing is written. BAD-613. */
export async function readSettings(configDirectory: string): Promise<UserSettings> {
  const {default: Conf} = await import('conf');
  try {
    // Defaults are ours to fill in: given to conf they would be written to the file, and never follow a newer version.
    const conf = new Conf<StoredSettings>({
      cwd: configDirectory,
      configName: 'config',
      configFileMode: 0o600,
      clearInvalidConfig: false,
      rootSchema: {additionalProperties: false},
      schema: settingsSchema,
    });
    return withDefaults(conf.store);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw failure('BAD-613', {path: `${configDirectory}/config.json`, why}, {cause: error});
  }
}

type StoredSettings = {
  [K in keyof UserSettings]?: K extends 'registries' ? UserSettings[K] : Loose<NonNullable<UserSettings[K]>>;
};
type Loose<T> = T extends string ? T : {[K in keyof T]?: T[K]};

function withDefaults(stored: StoredSettings): UserSettings {
  return {
    ...(stored.kubeContext === undefined ? {} : {kubeContext: stored.kubeContext}),
    ...(stored.namespace === undefined ? {} : {namespace: stored.namespace}),
    warm: {count: 1, idleSeconds: 300, images: [], ...stored.warm},
    registries: stored.registries ?? {},
    forward: {allowNonLoopback: false, ...stored.forward},
    podRequests: {cpu: '10m', memory: '32Mi', ...stored.podRequests},
  };
}
