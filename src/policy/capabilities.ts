import {
  type FieldRule,
  type Findings,
  depends,
  elementsOf,
  nothing,
  shown,
  textOf,
  together,
  violation,
} from './decision.ts';

/** Pod Security *baseline* allows these to be added. */
const baseline = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

/** capabilities(7), Linux 6.18 */
const others =
  'ALL AUDIT_CONTROL AUDIT_READ BLOCK_SUSPEND BPF CHECKPOINT_RESTORE DAC_READ_SEARCH IPC_LOCK IPC_OWNER LEASE LINUX_IMMUTABLE MAC_ADMIN ' +
  'MAC_OVERRIDE NET_ADMIN NET_BROADCAST NET_RAW PERFMON SYSLOG SYS_ADMIN SYS_BOOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO ' +
  'SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM';
const known = new Set([...baseline, ...others.split(' ')]);

export const capAdd: FieldRule = depends(
  '--cap-add',
  `${[...baseline].join(', ')}; NET_RAW where it is not dropped, as the runtime gives it. Others are refused (BAD-306)`,
  (value, {CapDrop}) => {
    const dropped = new Set(elementsOf(CapDrop).map(capability));
    return together(elementsOf(value).map(name => judgeAdded(name, dropped)));
  },
);

export const capDrop: FieldRule = depends('--cap-drop', 'every capability, and ALL', value =>
  together(
    elementsOf(value).map(name => (known.has(capability(name)) ? nothing : unknown('--cap-drop', name))),
  ),
);

/** `cap_net_raw`, `NET_RAW` → NET_RAW */
function capability(name: unknown): string {
  return textOf(name).toUpperCase().replace(/^CAP_/, '');
}

function judgeAdded(name: unknown, dropped: ReadonlySet<string>): Findings {
  const wanted = capability(name);
  if (!known.has(wanted)) {
    return unknown('--cap-add', name);
  }
  const given = wanted === 'NET_RAW' && !dropped.has('NET_RAW') && !dropped.has('ALL');
  if (baseline.has(wanted) || given) {
    return nothing;
  }
  return violation({
    code: 'BAD-306',
    flag: `--cap-add ${wanted}`,
    sentence:
      'Containers run as Pods of the security level baseline, which allows only the capabilities that Docker gives by default.',
    fix: 'Leave this capability out; programs seldom need it outside of debugging and network tools.',
  });
}

function unknown(flag: string, name: unknown): Findings {
  return violation({
    code: 'BAD-306',
    flag: `${flag} ${shown(name)}`,
    sentence: 'Linux has no capability of that name.',
    fix: 'Look at its spelling: capabilities(7) lists them.',
  });
}
