import {readFileSync, writeFileSync} from 'node:fs';

/** Forwarding lets Pods out; the others are set by every kubelet, for the whole machine. */
const names = [
  'net/ipv4/ip_forward',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

/** The values that the cluster will change. */
export function readSysctls(): Record<string, string> {
  return Object.fromEntries(names.map(name => [name, readFileSync(`/proc/sys/${name}`, 'utf8').trim()]));
}

export function enableForwarding(): void {
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
}

export function restoreSysctls(values: Record<string, string>): void {
  for (const name of names) {
    const value = values[name];
    if (value !== undefined && readFileSync(`/proc/sys/${name}`, 'utf8').trim() !== value) {
      writeFileSync(`/proc/sys/${name}`, value);
    }
  }
}
