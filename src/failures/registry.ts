/**
 * Every error a person can meet, by its code. A code never changes its meaning and is never used again. `{words}` are facts of the moment, given to
 * `failure()`. docs/errors.md is made from this table.
 */
export const registry = {
  'BAD-001': {
    exit: 1,
    what: 'Something unexpected happened: {message}',
    why: 'This is a bug in badidea, or a case nobody has thought of.',
    fix: ['Look at the end of {log}', 'Report it with that text at the address in SECURITY.md or as an issue'],
  },
  'BAD-002': {
    exit: 2,
    what: '{what}',
    why: '{why}',
    fix: ['{fix}'],
  },
  'BAD-003': {
    exit: 2,
    what: 'The answer was no; nothing was changed.',
    why: '`up` asks before it touches a cluster whose name does not look like one on this machine.',
    fix: ['Name another cluster: badidea up --kube-context NAME', 'Agree beforehand: badidea up -y'],
  },
  'BAD-004': {
    exit: 2,
    what: 'badidea needs your agreement to use {cluster}, and there is no terminal to ask on.',
    why: 'The context does not look like a cluster on this machine.',
    fix: ['Agree beforehand: badidea up -y', 'Name another cluster: badidea up --kube-context NAME'],
  },
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
    fix: ['See what there is: kubectl config get-contexts', 'Name one of those: badidea up --kube-context NAME'],
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
    fix: ['Install it, or put its folder on PATH, then: badidea up', 'See what it says itself: kubectl --context {cluster} get pods'],
  },
  'BAD-106': {
    exit: 4,
    what: 'The cluster {cluster} is too old: Kubernetes {version}.',
    why: 'badidea needs 1.30 or newer: exec over WebSocket is not there before.',
    fix: ['Upgrade the cluster, or name another one: badidea up --kube-context NAME'],
  },
  'BAD-201': {
    exit: 6,
    what: 'badidea already runs with other settings.',
    why: '{difference}',
    fix: ['Start it again with the new ones: badidea down && badidea up … (containers keep running)', 'Run both: badidea up --profile NAME'],
  },
  'BAD-203': {
    exit: 9,
    what: 'The path of the socket is too long: {path}',
    why: 'The operating system takes {limit} bytes, this has {length}.',
    fix: ['Set XDG_RUNTIME_DIR to a shorter folder', 'Take a shorter profile name'],
  },
  'BAD-204': {
    exit: 6,
    what: 'The address {address} is in use.',
    why: 'Another program listens there.',
    fix: ['Take another port: badidea up --tcp 127.0.0.1:PORT', 'Find it: ss -ltnp (Linux), lsof -iTCP -sTCP:LISTEN (macOS)'],
  },
  'BAD-205': {
    exit: 6,
    what: 'There is a docker context "{context}" that badidea did not make.',
    why: 'badidea never writes over what is not its own.',
    fix: ['Remove or rename it: docker context rm {context}', 'Or take another profile, which has a context of its own: badidea up --profile NAME'],
  },
  'BAD-206': {
    exit: 9,
    what: '{variable} is set, so docker commands in this shell do not use the context "{context}".',
    why: 'It wins over the current context.',
    fix: ['unset {variable}', 'Or name the context each time: docker --context {context} …'],
  },
  'BAD-207': {
    exit: 9,
    what: 'The docker CLI could not write the context: docker {command}',
    why: '{why}',
    fix: ['Try it by hand: docker --context=default {command}', 'Or work without a context: eval "$(badidea env)"'],
  },
  'BAD-208': {
    exit: 8,
    what: 'The daemon was not ready after {seconds} s.',
    why: 'It was still busy with: {step}',
    fix: ['Look at {log}', 'Try again: badidea up'],
  },
  'BAD-209': {
    exit: 3,
    what: 'badidea is not running (profile {profile}).',
    why: 'No daemon answers on {socket}',
    fix: ['Start it: badidea up'],
  },
  'BAD-210': {
    exit: 3,
    what: 'The published port {local} does not reach {container} at the moment.',
    why: '{why}',
    fix: ['badidea tries again by itself; look at: badidea status', 'See what the container says: docker logs {container}'],
  },
  'BAD-211': {
    exit: 1,
    what: 'The daemon ended before it was ready ({how}).',
    why: '{why}',
    fix: ['Look at the end of {log}', 'Try again: badidea up'],
  },
  'BAD-212': {
    exit: 10,
    what: '{count} objects could not be removed from {cluster}/{namespace}.',
    why: '{leftovers}',
    fix: ['Try again: badidea down --remove', 'Or by hand: kubectl --context {cluster} -n {namespace} delete KIND NAME'],
  },
  'BAD-213': {
    exit: 3,
    what: 'badidea does not know which cluster to remove from.',
    why: 'No daemon runs for profile {profile}, and none has run before.',
    fix: ['Start it for that cluster first: badidea up --kube-context NAME --namespace NS && badidea down --remove'],
  },
  'BAD-214': {
    exit: 8,
    what: 'The daemon (pid {pid}) did not answer in {seconds} s.',
    why: 'It holds its socket but does not speak.',
    fix: ['Look at {log}', 'End it: badidea down, then badidea up; the containers keep running'],
  },
  'BAD-220': {
    exit: 9,
    what: 'badidea needs Node 24 or newer; this is {version}.',
    why: 'It uses parts of Node that older ones lack.',
    fix: ['Install Node 24: https://nodejs.org, or: npx -p node@24 badidea'],
  },
  'BAD-301': {
    exit: 7,
    what: 'badidea refused --privileged.',
    why: 'Containers run as unprivileged Pods.',
    fix: ['Leave it out; name the capability you need with --cap-add'],
  },
  'BAD-309': {
    exit: 7,
    what: 'badidea refused to listen on {address}.',
    why: 'Who reaches the Docker API can do in the namespace what you can, so it is for this machine only.',
    fix: ['Take a loopback address: --tcp 127.0.0.1:2376'],
  },
  'BAD-401': {
    exit: 4,
    what: 'The cluster {cluster} has been out of reach for {seconds} s.',
    why: '{why}',
    fix: ['The daemon connects again by itself; containers run on in the cluster', 'Look at: kubectl --context {cluster} version'],
  },
  'BAD-501': {
    exit: 5,
    what: 'The user {user} lacks rights in the namespace {namespace}.',
    why: '{missing}',
    fix: ['Ask for the Role that `badidea role` prints: badidea role | kubectl apply -n {namespace} -f -', 'Or name a namespace of yours: badidea up --namespace NS'],
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
  'BAD-610': {
    exit: 9,
    what: 'The folder {path} is not safe to use.',
    why: '{why}',
    fix: ['Look at it: ls -ld {path}', 'If it is yours: move it away and run badidea up again'],
  },
  'BAD-611': {
    exit: 9,
    what: 'Cannot write {path}.',
    why: '{why}',
    fix: ['Make room, or give yourself the right to write there; what was there before is unharmed'],
  },
  'BAD-612': {
    exit: 9,
    what: 'The TLS certificates end in {days} days.',
    why: 'They are renewed by `up`, and this daemon has run for long.',
    fix: ['badidea down && badidea up (containers keep running)'],
  },
  'BAD-613': {
    exit: 9,
    what: 'The settings in {path} are not valid.',
    why: '{why}',
    fix: ['Correct the file, or move it away to have the defaults'],
  },
} as const satisfies Record<`BAD-${number}`, Entry>;

interface Entry {
  /** By family: 1 bug, 2 usage, 3 not running or degraded, 4 cluster or login, 5 forbidden, 6 conflict, 7 policy, 8 time, 9 this machine, 10 leftovers. */
  exit: number;
  what: string;
  why: string;
  fix: readonly string[];
}
