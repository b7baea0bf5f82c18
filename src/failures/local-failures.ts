import type {Entry} from './entry.ts';

/** What can go wrong on this machine: commands, daemon, docker context, files, and what is refused. */
export const localFailures = {
  'BAD-001': {
    exit: 1,
    what: 'Something unexpected happened: {message}',
    why: 'This is a bug in badidea, or a case nobody has thought of.',
    fix: [
      'Look at the end of {log}',
      'Report it with that text at the address in SECURITY.md or as an issue',
    ],
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
  'BAD-201': {
    exit: 6,
    what: 'badidea already runs with other settings.',
    why: '{difference}',
    fix: [
      'Start it again with the new ones: badidea down && badidea up … (containers keep running)',
      'Run both: badidea up --profile NAME',
    ],
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
    fix: [
      'Take another port: badidea up --tcp 127.0.0.1:PORT',
      'Find it: ss -ltnp (Linux), lsof -iTCP -sTCP:LISTEN (macOS)',
    ],
  },
  'BAD-205': {
    exit: 6,
    what: 'There is a docker context "{context}" that badidea did not make.',
    why: 'badidea never writes over what is not its own.',
    fix: [
      'Remove or rename it: docker context rm {context}',
      'Or take another profile, which has a context of its own: badidea up --profile NAME',
    ],
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
    fix: [
      'Try it by hand: docker --context=default {command}',
      'Or work without a context: eval "$(badidea env)"',
    ],
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
    fix: [
      'badidea tries again by itself; look at: badidea status',
      'See what the container says: docker logs {container}',
    ],
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
    fix: [
      'Try again: badidea down --remove',
      'Or by hand: kubectl --context {cluster} -n {namespace} delete KIND NAME',
    ],
  },
  'BAD-213': {
    exit: 3,
    what: 'badidea does not know which cluster to remove from.',
    why: 'No daemon runs for profile {profile}, and none has run before.',
    fix: [
      'Start it for that cluster first: badidea up --kube-context NAME --namespace NS && badidea down --remove',
    ],
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
  'BAD-309': {
    exit: 7,
    what: 'badidea refused to listen on {address}.',
    why: 'Who reaches the Docker API can do in the namespace what you can, so it is for this machine only.',
    fix: ['Take a loopback address: --tcp 127.0.0.1:2376'],
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
