import {neededRules} from './role.ts';
import type {Transport} from './transport.ts';

interface GrantedRule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  verbs: string[];
}

interface RulesReview {
  status?: {incomplete?: boolean; resourceRules?: GrantedRule[]};
}

interface AccessReview {
  status?: {allowed?: boolean};
}

/**
 * What the user lacks of our Role, one line per resource. One question (SelfSubjectRulesReview); where the cluster cannot list a user's rules completely, as with
 * webhook authorisers on GKE and EKS, what seems missing is asked for right by right.
 */
export async function missingRights(transport: Transport, namespace: string): Promise<string[]> {
  const review = await transport.json<RulesReview>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    body: {apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: {namespace}},
  });
  const rules = review.status?.resourceRules ?? [];
  const lines = await Promise.all(
    neededRules.flatMap(({resources, verbs, neededFor}) =>
      resources.map(async resource => {
        const suspects = verbs.filter(verb => !rules.some(rule => grants(rule, resource, verb)));
        const lacking = review.status?.incomplete
          ? await refused(transport, {namespace, resource, verbs: suspects})
          : suspects;
        return lacking.length > 0 ? `${resource}: ${lacking.join(', ')} (for ${neededFor})` : undefined;
      }),
    ),
  );
  return lines.filter(line => line !== undefined);
}

/** Wildcards as in Kubernetes (`rbac/v1/evaluation_helpers.go`): `*`, and `*` + `/exec` for a subresource of everything. */
function grants(rule: GrantedRule, resource: string, verb: string): boolean {
  const [, subresource] = resource.split('/');
  const resources = ['*', resource, ...(subresource === undefined ? [] : [`*/${subresource}`])];
  return (
    has(rule.verbs, ['*', verb]) &&
    has(rule.apiGroups, ['*', '']) &&
    has(rule.resources, resources) &&
    (rule.resourceNames ?? []).length === 0
  );
}

function has(granted: string[] | undefined, accepted: string[]): boolean {
  return granted?.some(name => accepted.includes(name)) ?? false;
}

async function refused(
  transport: Transport,
  {namespace, resource, verbs}: {namespace: string; resource: string; verbs: string[]},
): Promise<string[]> {
  const [name, subresource] = resource.split('/');
  const answers = await Promise.all(
    verbs.map(async verb => {
      const resourceAttributes = {
        namespace,
        verb,
        resource: name,
        ...(subresource === undefined ? {} : {subresource}),
      };
      return await transport.json<AccessReview>({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: {resourceAttributes},
        },
      });
    }),
  );
  return verbs.filter((_, index) => answers[index]?.status?.allowed !== true);
}
