/** One rule of our Role, and why it is there. */
export interface NeededRule {
  resources: string[];
  verbs: string[];
  /** Docker's commands that fail without it. */
  neededFor: string;
}

/** The least that badidea works with, all in the core API group of one namespace. */
export const neededRules: NeededRule[] = [
  {
    resources: ['pods'],
    verbs: ['get', 'list', 'watch', 'create', 'delete', 'patch'],
    neededFor:
      'docker run, create, start, ps, inspect, stop, rm, pull: a container is a Pod; patch switches the image of a warm Pod',
  },
  {
    resources: ['pods/portforward'],
    // The WebSocket handshake is a GET; since Kubernetes 1.35 `create` is checked too.
    verbs: ['get', 'create'],
    neededFor:
      'docker run, start, attach, exec, cp, logs, and every published port: the stream to the agent in the container',
  },
  {
    resources: ['pods/exec'],
    verbs: ['get', 'create'],
    neededFor: 'the same stream where the port of the agent cannot be reached, as on gVisor and Kata',
  },
  {
    resources: ['pods/log'],
    verbs: ['get'],
    neededFor: 'docker logs of a container whose agent is gone',
  },
  {
    resources: ['secrets'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
    neededFor:
      'docker create, ps -a, inspect, rename, rm: the record of each container; environment variables hold passwords',
  },
  {
    resources: ['configmaps'],
    verbs: ['get', 'list', 'create', 'delete'],
    neededFor: 'badidea up, down --remove: the agent program that every container runs',
  },
];

export interface Role {
  apiVersion: 'rbac.authorization.k8s.io/v1';
  kind: 'Role';
  metadata: {name: string; namespace: string};
  rules: {apiGroups: string[]; resources: string[]; verbs: string[]}[];
}

/** The Role as Kubernetes takes it; its rules stand in the order of `neededRules`. */
export function badideaRole(namespace: string): Role {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: {name: 'badidea', namespace},
    rules: neededRules.map(({resources, verbs}) => ({apiGroups: [''], resources, verbs})),
  };
}
