import {access, mkdir, readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';

import {ClusterError} from './errors.ts';
import {cacheFolder} from './paths.ts';
import {step} from './progress.ts';
import {run} from './run.ts';

/** Each Debian package and a file by which its presence is known. */
const needed = {
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  conntrack: '/usr/sbin/conntrack',
  debootstrap: '/usr/sbin/debootstrap',
  gcc: '/usr/bin/gcc',
  iproute2: '/usr/sbin/ip',
  iptables: '/usr/sbin/iptables',
  'libc6-dev': '/usr/include/stdlib.h',
  'libseccomp-dev': '/usr/include/seccomp.h',
  'pkg-config': '/usr/bin/pkg-config',
  'util-linux': '/usr/bin/nsenter',
};

const unpackedFolder = join(cacheFolder, 'packages');

/**
 * Taken from their packages without installing those: docker-registry would start a service on port 5000 of the machine,
 * busybox-static would push out the busybox that is there.
 */
export const unpacked = {
  'docker-registry': join(unpackedFolder, 'docker-registry', 'usr', 'bin', 'docker-registry'),
  'busybox-static': join(unpackedFolder, 'busybox-static', 'bin', 'busybox'),
};

/** Says what this machine lacks for a cluster of its own; undefined if it has all that cannot be installed. */
export function whyNotHere(): string | undefined {
  if (process.platform !== 'linux') {
    return `the test cluster needs Linux, and this is ${process.platform}`;
  }
  if (process.getuid?.() !== 0) {
    return 'the test cluster needs root: it mounts, makes network links and runs a kubelet';
  }
  return undefined;
}

export type PackageName = keyof typeof needed | keyof typeof unpacked;

/**
 * Installs or unpacks what is missing, of all packages or of those named, and says which those are. Unpacking works for any
 * user, installing needs root.
 */
export async function ensurePackages(signal: AbortSignal, only?: PackageName[]): Promise<void> {
  const isWanted = (name: string) => only === undefined || only.some(wanted => wanted === name);
  const toInstall = (await missingOf(needed)).filter(isWanted);
  const toUnpack = (await missingOf(unpacked)).filter(isWanted);
  const names = [...toInstall, ...toUnpack].join(' ');
  if (names === '') {
    return;
  }
  if (!(await exists('/usr/bin/apt-get'))) {
    throw new ClusterError(
      `These Debian packages are missing and there is no apt-get to install them: ${names}`,
    );
  }
  await step(`installing ${names}`, async () => {
    const env = {...process.env, DEBIAN_FRONTEND: 'noninteractive'};
    if (process.getuid?.() === 0) {
      await run('apt-get', ['update', '-qq'], {env, signal});
    }
    if (toInstall.length > 0) {
      await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...toInstall], {env, signal});
    }
    for (const name of toUnpack) {
      await unpack(name, signal);
    }
  });
}

async function unpack(name: string, signal: AbortSignal): Promise<void> {
  const folder = join(unpackedFolder, name);
  await rm(folder, {recursive: true, force: true});
  await mkdir(folder, {recursive: true});
  // apt fetches as the user _apt, who may not write here.
  const download = ['download', '-qq', '-o', 'APT::Sandbox::User=root', name];
  await run('apt-get', download, {cwd: folder, signal}).catch((cause: unknown) => {
    throw new ClusterError(
      `The package ${name} could not be fetched; apt's lists may be old: sudo apt-get update`,
      {cause},
    );
  });
  const archive = (await readdir(folder)).find(file => file.endsWith('.deb'));
  if (archive === undefined) {
    throw new ClusterError(`apt-get download ${name} left no .deb file`);
  }
  await run('dpkg', ['-x', archive, '.'], {cwd: folder, signal});
  await rm(join(folder, archive));
}

async function missingOf(files: Record<string, string>): Promise<string[]> {
  const missing: string[] = [];
  for (const [name, file] of Object.entries(files)) {
    if (!(await exists(file))) {
      missing.push(name);
    }
  }
  return missing;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
