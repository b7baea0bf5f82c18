import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';

/** The kubelet's control groups lie below this one, in each hierarchy, so that `down` can find them all. */
export const cgroupRoot = '/badidea-cluster';

/** Makes the group in every hierarchy of the machine; the kubelet wants it to be there. */
export function makeCgroups(): void {
  const all = hierarchies();
  if (all.length === 1) {
    all.forEach(passControllersOn);
  }
  for (const hierarchy of all) {
    const folder = join(hierarchy, cgroupRoot);
    mkdirSync(folder, {recursive: true});
    // A new group of the cpuset controller (version 1) may use nothing until it is told otherwise.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (existsSync(join(hierarchy, file)) && existsSync(join(folder, file))) {
        copyFileSync(join(hierarchy, file), join(folder, file));
      }
    }
  }
}

/** In version 2, which has one hierarchy, a group has only the controllers that the one above it passes on; the kubelet wants these. */
function passControllersOn(hierarchy: string): void {
  const list = join(hierarchy, 'cgroup.controllers');
  const available = existsSync(list) ? readFileSync(list, 'utf8').trim().split(' ') : [];
  for (const controller of ['cpu', 'cpuset', 'hugetlb', 'memory', 'pids']) {
    if (available.includes(controller)) {
      writeFileSync(join(hierarchy, 'cgroup.subtree_control'), `+${controller}`);
    }
  }
}

/** Removes the groups, deepest first; their processes must be dead. */
export function removeCgroups(): void {
  for (const hierarchy of hierarchies()) {
    removeTree(join(hierarchy, cgroupRoot));
  }
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) {
    return;
  }
  for (const entry of readdirSync(folder, {withFileTypes: true})) {
    if (entry.isDirectory()) {
      removeTree(join(folder, entry.name));
    }
  }
  rmdirSync(folder);
}

function hierarchies(): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .flatMap(([, folder]) => folder ?? []);
}
