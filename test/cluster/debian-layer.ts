import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {mkdir, rm} from 'node:fs/promises';
import {join} from 'node:path';

import {ClusterError} from './errors.ts';
import {cachedLayer, type Layer} from './image-layers.ts';
import {cacheFolder} from './paths.ts';
import {step} from './progress.ts';
import {run} from './run.ts';

/** What the image `services` has beyond a minimal Debian. */
export const servicePackages = [
  'bash',
  'ca-certificates',
  'nginx-light',
  'postgresql',
  'procps',
  'python3',
  'redis-server',
];

/** A small Debian with real services in it, made by debootstrap from the sources that this machine's apt uses. */
export async function debianLayer(signal: AbortSignal): Promise<Layer> {
  const suite = codename();
  const hash = createHash('sha256')
    .update(JSON.stringify([suite, servicePackages]))
    .digest('hex')
    .slice(0, 16);
  return cachedLayer(`debian-${hash}`, async () => {
    const root = join(cacheFolder, 'debian-root');
    await rm(root, {recursive: true, force: true});
    await mkdir(root, {recursive: true});
    await step(`making a Debian ${suite} with ${servicePackages.join(', ')}`, async detail => {
      const source = await mirrorOf(suite, signal);
      const options = [
        '--variant=minbase',
        `--include=${servicePackages.join(',')}`,
        '--components=main,universe',
      ];
      // In a mount namespace, so that its /proc is unmounted however it ends.
      const command = ['--mount', '--propagation', 'private', 'debootstrap', ...options, suite, root, source];
      await run('unshare', command, {signal, onLine: detail});
      for (const rest of ['var/cache/apt', 'var/lib/apt/lists', 'var/log/bootstrap.log']) {
        await rm(join(root, rest), {recursive: true, force: true});
      }
    });
    const flags = [
      '--create',
      '--sort=name',
      '--numeric-owner',
      '--one-file-system',
      '--directory',
      root,
      '.',
    ];
    const tar = spawn('tar', flags, {stdio: ['ignore', 'pipe', 'inherit'], signal});
    tar.once('error', error => tar.stdout.destroy(error));
    tar.once('close', code => {
      if (code !== 0) {
        tar.stdout.destroy(new ClusterError(`tar of ${root} ended with code ${code}`));
      }
      rm(root, {recursive: true, force: true}).catch(() => undefined);
    });
    return tar.stdout;
  });
}

function codename(): string {
  const release = readFileSync('/etc/os-release', 'utf8');
  return /^VERSION_CODENAME=(\S+)$/m.exec(release)?.[1] ?? 'stable';
}

/** Where apt gets this distribution's main component from. */
async function mirrorOf(suite: string, signal: AbortSignal): Promise<string> {
  const format = '$(CODENAME) $(COMPONENT) $(REPO_URI)';
  const targets = await run('apt-get', ['indextargets', '--format', format], {signal});
  const match = new RegExp(`^${suite} main (\\S+)$`, 'm').exec(targets);
  if (match?.[1] === undefined) {
    throw new ClusterError(`apt has no source for ${suite} main, from which the image \`services\` is made.`);
  }
  return match[1];
}
