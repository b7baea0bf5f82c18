import {type FieldRule, depends, nothing, shown, textOf, violation, warning} from './decision.ts';

/** A field that chooses a namespace of Linux: its own is what every Pod has. */
export function namespaceField(
  flag: string,
  {own, note = ''}: {own: readonly string[]; note?: string},
): FieldRule {
  const text = `a namespace of its own; \`host\` is refused (BAD-302), \`container:X\` as well (BAD-303)`;
  return depends(flag, note === '' ? text : `${text}; ${note}`, value => {
    if (own.includes(textOf(value))) {
      return nothing;
    }
    return foreignNamespace(flag, value);
  });
}

function foreignNamespace(flag: string, value: unknown) {
  if (typeof value === 'string' && value.startsWith('container:')) {
    return violation({
      code: 'BAD-303',
      flag: `${flag} ${shown(value)}`,
      sentence: 'Each container is a Pod of its own, and Pods do not share their namespaces.',
      fix: 'Leave it out; run both programs in one container if they have to share.',
    });
  }
  return violation({
    code: 'BAD-302',
    flag: `${flag} ${shown(value)}`,
    sentence:
      "Containers run as unprivileged Pods, which do not see their node's own namespaces, and the node is not this machine.",
    fix: 'Leave it out.',
  });
}

export const ipcMode: FieldRule = depends(
  '--ipc',
  'a namespace of its own (`private`, and `shareable`, which nobody can share); `none` has no effect; `host` (BAD-302) and `container:X` (BAD-303) are refused',
  value => {
    if (['', 'private', 'shareable'].includes(textOf(value))) {
      return nothing;
    }
    return value === 'none'
      ? warning('--ipc none has no effect: the container has /dev/shm')
      : foreignNamespace('--ipc', value);
  },
);

/** Networks of one's own come later; a container on another network than it asked for would be a surprise. */
export const networkMode: FieldRule = depends(
  '--network',
  '`bridge`; `none` has no effect; `host` (BAD-302), `container:X` (BAD-303) and networks of your own (BAD-312) are refused',
  value => {
    if (['', 'default', 'bridge'].includes(textOf(value))) {
      return nothing;
    }
    if (value === 'none') {
      return warning(
        "--network none has no effect: the container has the cluster's network, nothing is cut off",
      );
    }
    return value === 'host' || textOf(value).startsWith('container:')
      ? foreignNamespace('--network', value)
      : ownNetwork(textOf(value));
  },
);

export function ownNetwork(name: string) {
  return violation({
    code: 'BAD-312',
    flag: `--network ${shown(name)}`,
    sentence: 'Networks of your own, and names on them, are not there yet.',
    fix: 'Leave it out; containers reach each other by IP address, and this machine reaches them by published ports.',
  });
}
