import type {Entry} from './entry.ts';

/** What can go wrong between this machine and the cluster, and what the cluster refuses. */
export const clusterFailures = {
  'BAD-101': {
    exit: 4,
    what: 'No Kubernetes cluster is configured.',
    why: '{why}',
    fix: [
      'Make one: kind create cluster',
      'Or: minikube start',
      'Or point to one: badidea up --kubeconfig FILE --kube-context NAME',
    ],
  },
  'BAD-102': {
    exit: 4,
    what: 'There is no kubeconfig context "{context}".',
    why: '{why}',
    fix: [
      'See what there is: kubectl config get-contexts',
      'Name one of those: badidea up --kube-context NAME',
    ],
  },
  'BAD-103': {
    exit: 4,
    what: 'The cluster {cluster} cannot be reached.',
    why: '{why}',
    fix: [
      'Is it running, and is the VPN or proxy it needs on? Try: kubectl --context {cluster} version',
      'Name another cluster: badidea up --kube-context NAME',
    ],
  },
  'BAD-104': {
    exit: 4,
    what: 'The cluster {cluster} does not accept your credentials.',
    why: '{why}',
    fix: ['Log in again (gcloud auth login, aws sso login, az login, a new kubeconfig …), then: badidea up'],
  },
  'BAD-105': {
    exit: 4,
    what: 'The program that the kubeconfig names for logging in to {cluster} did not work.',
    why: '{why}',
    fix: [
      'Install it, or put its folder on PATH, then: badidea up',
      'See what it says itself: kubectl --context {cluster} get pods',
    ],
  },
  'BAD-106': {
    exit: 4,
    what: 'The cluster {cluster} is too old: Kubernetes {version}.',
    why: 'badidea needs 1.30 or newer: exec over WebSocket is not there before.',
    fix: ['Upgrade the cluster, or name another one: badidea up --kube-context NAME'],
  },
  'BAD-401': {
    exit: 4,
    what: 'The cluster {cluster} has been out of reach for {seconds} s.',
    why: '{why}',
    fix: [
      'The daemon connects again by itself; containers run on in the cluster',
      'Look at: kubectl --context {cluster} version',
    ],
  },
  'BAD-501': {
    exit: 5,
    what: 'The user {user} lacks rights in the namespace {namespace}.',
    why: '{missing}',
    fix: [
      'Ask for the Role that `badidea role` prints: badidea role | kubectl apply -n {namespace} -f -',
      'Or name a namespace of yours: badidea up --namespace NS',
    ],
  },
  'BAD-502': {
    exit: 5,
    what: 'The cluster {cluster} refused: {message}',
    why: 'Its rules (rights, quota, Pod Security or an admission webhook) do not allow it.',
    fix: ['Ask who runs the cluster, or name another namespace: badidea up --namespace NS'],
  },
  'BAD-503': {
    exit: 5,
    what: 'The namespace {namespace} enforces Pod Security "restricted".',
    why: 'The agent starts as root inside the container, which "restricted" forbids.',
    fix: ['Take a namespace with "baseline": badidea up --namespace NS'],
  },
} as const satisfies Record<`BAD-${number}`, Entry>;
