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

const mountNames: FieldNames = {
  Type: {},
  Source: {},
  Target: {},
  ReadOnly: {},
  VolumeOptions: {},
  BindOptions: {},
  TmpfsOptions: {},
};

/** How the fields that are judged are spelt: Go, and so Docker's API, reads them in any case. */
export const createFieldNames: FieldNames = {
  ...namesOf(configFields),
  Healthcheck: {Test: {}},
  HostConfig: {
    ...namesOf(hostConfigFields),
    Mounts: {'*': mountNames},
    LogConfig: {Type: {}, Config: {}},
    RestartPolicy: {Name: {}, MaximumRetryCount: {}},
    PortBindings: {'*': {'*': {HostIp: {}, HostPort: {}}}},
  },
  NetworkingConfig: {EndpointsConfig: {'*': namesOf(endpointFields)}},
};

function namesOf(fields: FieldRules): FieldNames {
  return Object.fromEntries(Object.keys(fields).map(name => [name, {}]));
}
