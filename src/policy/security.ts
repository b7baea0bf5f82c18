import {
  type FieldRule,
  type Findings,
  depends,
  elementsOf,
  isZero,
  nothing,
  shown,
  textOf,
  together,
  violation,
  warning,
} from './decision.ts';

export const securityOpt: FieldRule = depends(
  '--security-opt',
  '`no-new-privileges` and `seccomp=builtin`; seccomp, apparmor, label and systempaths otherwise are refused (BAD-311)',
  value => together(elementsOf(value).map(judgeOption)),
);

function judgeOption(option: unknown): Findings {
  const text = textOf(option);
  if (/^no-new-privileges(?:[=:](?:true|false|1|0))?$/i.test(text) || /^seccomp[=:]builtin$/.test(text)) {
    return nothing;
  }
  // A profile comes as its whole text; its name says enough.
  const name = /^[a-z-]+/i.exec(text)?.[0] ?? text;
  const short = /^[a-z-]+[=:][\w./-]{1,60}$/i.test(text) ? text : name;
  return violation({
    code: 'BAD-311',
    flag: `--security-opt ${shown(short)}`,
    sentence:
      "Pods have the runtime's own seccomp and AppArmor profiles, which cannot be exchanged or switched off from here.",
    fix: 'Leave it out.',
  });
}

/** What dockerd 28 hides and write-protects; clients that copy an inspected container send these lists back. */
const dockerMasked = new Set([
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]);
const dockerReadonly = new Set(['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']);

export const maskedPaths = systemPaths(dockerMasked, 'hidden');
export const readonlyPaths = systemPaths(dockerReadonly, 'read-only');

/** `--security-opt systempaths=unconfined` arrives as an empty list and in no other way. */
function systemPaths(usual: ReadonlySet<string>, what: string): FieldRule {
  return depends(
    '--security-opt systempaths=unconfined',
    `the runtime's own list; an empty one is refused (BAD-311), more paths are not ${what}`,
    value => {
      const paths = elementsOf(value);
      if (Array.isArray(value) && paths.length === 0) {
        return violation({
          code: 'BAD-311',
          flag: '--security-opt systempaths=unconfined',
          sentence:
            "Pods have the runtime's own seccomp and AppArmor profiles, which cannot be exchanged or switched off from here.",
          fix: 'Leave it out.',
        });
      }
      const more = paths.filter(path => !usual.has(textOf(path)));
      return more.length === 0
        ? nothing
        : warning(
            `${more.slice(0, 5).map(shown).join(', ')} will not be ${what}: a Pod has the runtime's own list`,
          );
    },
  );
}

/** Pod Security baseline lets a Pod set these; others need an unsafe-sysctl setting of the node. */
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
]);

export const sysctls: FieldRule = depends('--sysctl', 'is refused (BAD-307)', value => {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return together(
    names.map(name =>
      violation({
        code: 'BAD-307',
        flag: `--sysctl ${shown(name)}`,
        sentence: safeSysctls.has(name)
          ? 'Setting kernel parameters is not built yet.'
          : 'A Pod of the security level baseline may not set this kernel parameter.',
        fix:
          name === 'net.ipv4.ip_unprivileged_port_start'
            ? 'Leave it out; most runtimes allow low ports to everybody.'
            : 'Leave it out.',
      }),
    ),
  );
});

export const runtime: FieldRule = depends(
  '--runtime',
  "`runc` means the cluster's own; others are refused (BAD-313)",
  value =>
    isZero(value) || value === 'runc' || value === 'io.containerd.runc.v2'
      ? nothing
      : violation({
          code: 'BAD-313',
          flag: `--runtime ${shown(value)}`,
          sentence: 'Choosing a RuntimeClass of the cluster is not built yet.',
          fix: "Leave it out; the container runs on the cluster's default runtime.",
        }),
);
