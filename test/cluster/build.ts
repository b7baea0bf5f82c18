import {createHash} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {mkdir, readdir, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';

import {ClusterError} from './errors.ts';
import {cacheFolder} from './paths.ts';
import {step, type Detail} from './progress.ts';
import {run} from './run.ts';

/** Versions of what is built; the modules' go.mod files say the same. */
export const versions = {kubernetes: 'v1.36.3', etcd: 'v3.6.8', containerd: 'v2.2.9', runc: 'v1.5.2'};

type Module = {
  /** The folder below go/. */
  name: string;
  packages: string[];
  files: string[];
  cgo: boolean;
  tags: string[];
  linkerFlags: string[];
};

const [, major = '', minor = ''] = /^v(\d+)\.(\d+)\./.exec(versions.kubernetes) ?? [];
const kubernetesVersion = 'k8s.io/component-base/version';
const containerdModule = 'github.com/containerd/containerd/v2';

const modules: Module[] = [
  {
    name: 'static',
    packages: ['.'],
    files: ['static'],
    cgo: false,
    tags: [],
    linkerFlags: [],
  },
  {
    name: 'runc',
    packages: ['github.com/opencontainers/runc'],
    files: ['runc'],
    // runc enters namespaces in C before Go's threads are there, and filters system calls by libseccomp.
    cgo: true,
    tags: ['seccomp'],
    linkerFlags: [],
  },
  {
    name: 'containerd',
    packages: [`${containerdModule}/cmd/containerd`, `${containerdModule}/cmd/containerd-shim-runc-v2`],
    files: ['containerd', 'containerd-shim-runc-v2'],
    cgo: false,
    tags: ['no_btrfs', 'no_devmapper', 'no_zfs', 'no_aufs'],
    linkerFlags: [`-X ${containerdModule}/version.Version=${versions.containerd}`],
  },
  {
    name: 'kubernetes',
    packages: ['.'],
    files: ['kubernetes'],
    cgo: false,
    tags: [],
    linkerFlags: [
      `-X ${kubernetesVersion}.gitVersion=${versions.kubernetes}`,
      `-X ${kubernetesVersion}.gitMajor=${major}`,
      `-X ${kubernetesVersion}.gitMinor=${minor}`,
    ],
  },
];

/** The absolute path of each program. */
export type Binaries = Record<string, string>;

/**
 * Builds what the cache lacks, be it of all modules or of one; a folder of the cache is named by a hash of all that its
 * programs are made of.
 */
export async function ensureBinaries(signal: AbortSignal, only?: 'static'): Promise<Binaries> {
  const binaries: Binaries = {};
  for (const module of modules.filter(({name}) => only === undefined || name === only)) {
    const folder = join(cacheFolder, 'bin', `${module.name}-${await hashOf(module)}`);
    if (!existsSync(folder)) {
      await step(`building ${module.name}`, detail => build(module, {folder, signal, detail}));
    }
    for (const file of module.files) {
      binaries[file] = join(folder, file);
    }
  }
  return binaries;
}

async function build(
  module: Module,
  {folder, signal, detail}: {folder: string; signal: AbortSignal; detail: Detail},
): Promise<void> {
  const cwd = sourceFolder(module);
  const env = {...process.env, CGO_ENABLED: module.cgo ? '1' : '0', GOWORK: 'off', GOFLAGS: ''};
  await run('go', ['version'], {signal}).catch((cause: unknown) => {
    throw new ClusterError(
      'Go is missing: the test cluster is built from source and needs Go 1.26 or newer on PATH (see https://go.dev/dl/)',
      {cause},
    );
  });
  const tags = `-tags=${module.tags.join(',')}`;
  detail('fetching modules');
  const listed = await run('go', ['list', '-deps', '-buildvcs=false', tags, ...module.packages], {
    cwd,
    env,
    signal,
  });
  const total = listed.trim().split('\n').length;
  let compiled = 0;
  const unfinished = `${folder}.${process.pid}`;
  await rm(unfinished, {recursive: true, force: true});
  await mkdir(unfinished, {recursive: true});
  const flags = [
    '-v',
    '-trimpath',
    '-buildvcs=false',
    tags,
    '-ldflags',
    ['-s -w', ...module.linkerFlags].join(' '),
  ];
  await run('go', ['build', ...flags, '-o', `${unfinished}/`, ...module.packages], {
    cwd,
    env,
    signal,
    // With -v, go names each package that it compiles; what it has in its own cache is not named.
    onLine: line => line.includes(' ') || detail(`${++compiled} of at most ${total} packages`),
  });
  await rename(unfinished, folder);
}

async function hashOf(module: Module): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([module, process.arch]));
  for (const file of (await readdir(sourceFolder(module))).toSorted()) {
    hash.update(file).update(readFileSync(join(sourceFolder(module), file)));
  }
  return hash.digest('hex').slice(0, 16);
}

function sourceFolder(module: Module): string {
  return join(import.meta.dirname, 'go', module.name);
}
