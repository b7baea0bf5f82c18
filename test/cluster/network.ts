import {readFileSync} from 'node:fs';
import {networkInterfaces} from 'node:os';

import {ClusterError} from './errors.ts';
import {run} from './run.ts';

/** The node has a network namespace of its own; one link joins it to the machine, as a cable would. */
export const nodeIp = '10.99.0.1';
export const podRange = '10.244.0.0/24';
export const serviceRange = '10.96.0.0/16';
const machineIp = '10.99.0.254';
const link = 'badidea0';

/** The registry, by the same address for the node and for the machine. */
export const registryUrl = `http://${nodeIp}:5000`;

/** What lets Pods reach the world through the machine; each is deleted by the same words. */
const rules = [
  ['nat', 'POSTROUTING', '-s', `${nodeIp}/24`, '!', '-o', link, '-j', 'MASQUERADE'],
  ['filter', 'FORWARD', '-i', link, '-j', 'ACCEPT'],
  ['filter', 'FORWARD', '-o', link, '-j', 'ACCEPT'],
].map(([table = '', chain = '', ...words]) => ({
  table,
  chain,
  words: [...words, '-m', 'comment', '--comment', 'badidea-cluster'],
}));

/** Connects the network namespace of a process to the machine. */
export async function connectNode(nodePid: number, signal: AbortSignal): Promise<void> {
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    if (name === link) {
      throw new ClusterError(
        `The link ${link} is there already: a test cluster with another state folder runs (or one whose folder was deleted).\n` +
          'Its first process is the child of the one that this prints: pgrep -af "^unshare .*init.sh". End that one.',
      );
    }
    if (addresses.some(address => address.address.startsWith('10.99.0.'))) {
      throw new ClusterError(
        `The test cluster needs the addresses 10.99.0.0/24, but interface ${name} has one of them.`,
      );
    }
  }
  const ip = (...words: string[]) => run('ip', words, {signal});
  const inNode = (...words: string[]) => run('nsenter', ['-t', String(nodePid), '-n', ...words], {signal});
  await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(nodePid));
  await ip('addr', 'add', `${machineIp}/24`, 'dev', link);
  await ip('link', 'set', link, 'up');
  await inNode('ip', 'link', 'set', 'lo', 'up');
  await inNode('ip', 'addr', 'add', `${nodeIp}/24`, 'dev', 'eth0');
  await inNode('ip', 'link', 'set', 'eth0', 'up');
  await inNode('ip', 'route', 'add', 'default', 'via', machineIp);
  for (const {table, chain, words} of rules) {
    await run('iptables', ['-w', '-t', table, '-I', chain, ...words], {signal});
  }
}

/** Takes link and rules away, however many a broken start has left. */
export async function disconnectNode(signal: AbortSignal): Promise<void> {
  // The link goes with the network namespace, but the kernel does that when it likes.
  await run('ip', ['link', 'del', link], {signal}).catch(() => undefined);
  for (const {table, chain, words} of rules) {
    let found = true;
    while (found) {
      found = await run('iptables', ['-w', '-t', table, '-D', chain, ...words], {signal}).then(
        () => true,
        () => false,
      );
    }
  }
}

/** What Pods get as /etc/resolv.conf: the machine's servers without those that only the machine itself can reach. */
export function resolvConf(): string {
  const servers = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']
    .flatMap(nameserversOf)
    .filter(server => !server.startsWith('127.') && server !== '::1');
  return [...new Set(servers)].map(server => `nameserver ${server}\n`).join('');
}

function nameserversOf(file: string): string[] {
  try {
    const found = readFileSync(file, 'utf8').matchAll(/^nameserver\s+(\S+)/gm);
    return [...found].flatMap(match => match[1] ?? []);
  } catch {
    return [];
  }
}
