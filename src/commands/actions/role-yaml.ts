import {badideaRole, neededRules} from '../../cluster/role.ts';
import {failure} from '../../failures/failure.ts';

/** The Role as YAML that `kubectl apply -f -` takes, each rule with the Docker commands that need it. */
export function roleYaml(namespace: string): string {
  // What is printed here is meant for a shell pipe: nothing but a namespace's name may get into it.
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    throw failure('BAD-002', {
      what: `"${namespace.slice(0, 70)}" is no name for a namespace.`,
      why: 'Kubernetes takes 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends.',
      fix: 'badidea role --namespace NS',
    });
  }
  const {apiVersion, kind, metadata, rules} = badideaRole(namespace);
  const lines = [
    '# All that badidea needs. Bind it to a user:',
    `#   kubectl -n ${namespace} create rolebinding ${metadata.name} --role=${metadata.name} --user=USER`,
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    'metadata:',
    `  name: ${metadata.name}`,
    `  namespace: ${metadata.namespace}`,
    'rules:',
    ...rules.flatMap(({apiGroups, resources, verbs}, index) => [
      `  # ${neededRules[index]?.neededFor ?? ''}`,
      `  - apiGroups: ${flow(apiGroups)}`,
      `    resources: ${flow(resources)}`,
      `    verbs: ${flow(verbs)}`,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A list in YAML's flow style; JSON strings are YAML strings. */
function flow(values: string[]): string {
  return `[${values.map(value => JSON.stringify(value)).join(', ')}]`;
}
