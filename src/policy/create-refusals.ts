import {Forbidden} from '../errors.ts';
import {spellKeys} from '../wire/json-keys.ts';
import {createFieldNames, createFields} from './create-fields.ts';
import {
  type FieldRules,
  type Findings,
  type PolicySettings,
  type Violation,
  entriesOf,
  isZero,
  nothing,
  shown,
  together,
  warning,
} from './decision.ts';
import {ownNetwork} from './namespaces.ts';

/** As many flags are named in a message; a request may hold thousands. */
const namedAtMost = 10;
const warningsAtMost = 50;
const defaultNetworks = new Set(['default', 'bridge', 'none', 'host']);

/**
 * Refuses what a container here cannot have, everything at once; returns the warnings for what it does without. `raw` is the JSON of the request, in
 * whatever spelling. Throws Forbidden in three lines (what, why, fix), InvalidRequest for a field that is there in two spellings.
 */
export function createRefusals(raw: unknown, settings: PolicySettings = {}): string[] {
  const {violations, warnings} = judgeCreateRequest(raw, settings);
  if (violations.length > 0) {
    throw new Forbidden(refusal(violations));
  }
  return [...new Set(warnings)].slice(0, warningsAtMost);
}

/** Every violation and warning of a create request. Fields that Docker does not know are passed over, as Docker does, but in HostConfig they are named. */
export function judgeCreateRequest(raw: unknown, settings: PolicySettings = {}): Findings {
  const request = new Map(entriesOf(spellKeys(raw, createFieldNames)));
  const hostConfig = request.get('HostConfig');
  const endpoints = entriesOf(new Map(entriesOf(request.get('NetworkingConfig'))).get('EndpointsConfig'));
  const networkMode = new Map(entriesOf(hostConfig)).get('NetworkMode');
  return together([
    judgeFields(Object.fromEntries(request), createFields.config, settings),
    judgeFields(hostConfig, createFields.hostConfig, settings),
    unknownFields(hostConfig, createFields.hostConfig),
    ...endpoints.map(([network, endpoint]) =>
      together([
        // The network of --network is in both places; one sentence is enough.
        defaultNetworks.has(network) || network === networkMode
          ? nothing
          : {violations: ownNetwork(network).violations, warnings: []},
        judgeFields(endpoint, createFields.endpoint, settings),
      ]),
    ),
  ]);
}

function judgeFields(object: unknown, fields: FieldRules, settings: PolicySettings): Findings {
  const values = Object.fromEntries(entriesOf(object));
  const known = Object.entries(values).filter(([name]) => Object.hasOwn(fields, name));
  return together(known.map(([name, value]) => fields[name]?.judge(value, values, settings) ?? nothing));
}

function unknownFields(object: unknown, fields: FieldRules): Findings {
  const unknown = entriesOf(object).filter(([name, value]) => !Object.hasOwn(fields, name) && !isZero(value));
  return together(
    unknown.map(([name]) => warning(`HostConfig.${shown(name)} has no effect: badidea does not know it`)),
  );
}

function refusal(violations: readonly Violation[]): string {
  const flags = [...new Set(violations.map(({flag, code}) => `${flag} (${code})`))];
  const named = flags.slice(0, namedAtMost).join(', ');
  const more = flags.length > namedAtMost ? ` and ${flags.length - namedAtMost} more` : '';
  const line = (part: 'sentence' | 'fix'): string =>
    [...new Set(violations.map(violation => violation[part]))].join(' ');
  return `badidea refused ${named}${more}\n  why: ${line('sentence')}\n  fix: ${line('fix')}`;
}
