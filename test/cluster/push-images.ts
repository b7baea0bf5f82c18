import {ensureBinaries} from './build.ts';
import {ClusterError} from './errors.ts';
import {ensureImages, smallImages} from './images.ts';
import {ensurePackages} from './packages.ts';
import {pushImages} from './registry.ts';
import {withLock} from './state.ts';

/** Names of the images that only root can make. */
const rootOnly = ['services', 'debian', 'nginx', 'redis'];

/**
 * Makes the test images and pushes them to a registry as library/NAME: all of them as root, otherwise all but `left`. The
 * registry must take pushes without credentials.
 */
export async function pushTestImages(address: string, signal: AbortSignal): Promise<{left: string[]}> {
  const url = registryAddress(address);
  const isRoot = process.getuid?.() === 0;
  await withLock(signal, async () => {
    await ensurePackages(signal, isRoot ? ['busybox-static', 'debootstrap'] : ['busybox-static']);
    const binaries = await ensureBinaries(signal, 'static');
    const images = isRoot ? await ensureImages(binaries, signal) : await smallImages(binaries, signal);
    await pushImages(images, {url, signal});
  });
  return {left: isRoot ? [] : rootOnly};
}

/** Checks the address of a registry and gives it as the rest wants it: scheme, host and port. */
export function registryAddress(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.username !== '') {
    throw new ClusterError(
      'The address of a registry is wanted as in http://127.0.0.1:5000: http or https, host and port, and no more.',
    );
  }
  return url.origin;
}
