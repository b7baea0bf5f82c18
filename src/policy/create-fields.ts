import type {FieldNames} from '../wire/json-keys.ts';
import {configFields} from './config-fields.ts';
import type {FieldRules} from './decision.ts';
import {endpointFields} from './endpoint-fields.ts';
import {hostConfigFields} from './host-config-fields.ts';

/** Every field of the body of `POST /containers/create` in API 1.51 and how it is treated: the table behind docs/compatibility.md. */
export const createFields = {
  config: configFields,
  hostConfig: hostConfigFields,
  endpoint: endpointFields,
} as const satisfies Record<string, FieldRules>;

/** How the fields are spelt, and those within them that are looked at: Go, and so Docker's API, reads keys in any case. `*`: map values, list elements. */
export const createFieldNames: FieldNames = {
  ...namesOf(Object.keys(configFields)),
  Healthcheck: namesOf(['Test', 'Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries']),
  HostConfig: {
    ...namesOf(Object.keys(hostConfigFields)),
    Mounts: {
      '*': namesOf([
        'Type',
        'Source',
        'Target',
        'ReadOnly',
        'Consistency',
        'BindOptions',
        'VolumeOptions',
        'ImageOptions',
        'TmpfsOptions',
        'ClusterOptions',
      ]),
    },
    LogConfig: namesOf(['Type', 'Config']),
    RestartPolicy: namesOf(['Name', 'MaximumRetryCount']),
    PortBindings: {'*': {'*': namesOf(['HostIp', 'HostPort'])}},
  },
  NetworkingConfig: {EndpointsConfig: {'*': namesOf(Object.keys(endpointFields))}},
};

function namesOf(names: readonly string[]): FieldNames {
  return Object.fromEntries(names.map(name => [name, {}]));
}
