import {join} from 'node:path';

import {ensureBinaries} from './build.ts';
import {servicePackages} from './debian-layer.ts';
import {ClusterError} from './errors.ts';
import {smallImages} from './images.ts';
import {ensurePackages} from './packages.ts';
import {until} from './processes.ts';
import {step} from './progress.ts';
import {answersHttp, digestOf, pushImages, type Registry} from './registry.ts';
import {run} from './run.ts';

/** The registry's container, and its address in kind's network. */
export const registryName = 'badidea-registry';

/** Where docker and kind find an engine: never the context that happens to be current, which may be badidea itself. */
export function engine(): NodeJS.ProcessEnv {
  return {...process.env, DOCKER_CONTEXT: 'default'};
}

/** Starts the registry as a container beside the nodes, listening on `port` of 127.0.0.1, unless it runs. */
export async function ensureRegistry(port: number, signal: AbortSignal): Promise<void> {
  const inspect = (format: string) => docker(['inspect', '--format', format, registryName], signal);
  const running = await inspect('{{.State.Running}}').catch(() => 'absent');
  if (running.trim() === 'absent') {
    const words = ['run', '--detach', '--restart=always', '--network', 'bridge', '--name', registryName];
    await step('starting a registry', () =>
      docker([...words, '--publish', `127.0.0.1:${port}:5000`, 'registry:2'], signal),
    );
  } else if (running.trim() !== 'true') {
    await docker(['start', registryName], signal);
  }
  // It may be of an earlier cluster, whose network is gone: the one of today is asked for.
  if ((await inspect('{{json .NetworkSettings.Networks.kind}}')).trim() === 'null') {
    await docker(['network', 'connect', 'kind', registryName], signal);
  }
  const url = `http://127.0.0.1:${port}`;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
  await until(() => answersHttp(`${url}/v2/`, patience), patience, 100).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new ClusterError(
      `The registry does not answer at ${url}: see \`docker logs ${registryName}\`, or remove it: docker rm -f ${registryName}`,
      {cause},
    );
  });
}

/**
 * Fills the registry: our own small images, what a Docker engine can make of a Debian, and the rest from Docker Hub. Where
 * ours cannot be made (no Debian, no Go), it says so, and tests that use them fail; the demo needs none of them.
 */
export async function ensureKindImages(registry: Registry): Promise<void> {
  const {signal} = registry;
  const fromHub = ['nginx', 'redis', 'debian'];
  try {
    await ensurePackages(signal, ['busybox-static']);
    await pushImages(await smallImages(await ensureBinaries(signal, 'static'), signal), registry);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ClusterError)) {
      throw error;
    }
    process.stderr.write(`The images static, user and web could not be made: ${error.message}\n`);
    fromHub.push('busybox', 'alpine');
  }
  for (const name of fromHub) {
    await pushedByDocker(name, registry, tag =>
      docker(['pull', '--quiet', name], signal).then(() => docker(['tag', name, tag], signal)),
    );
  }
  const packages = `PACKAGES=${servicePackages.join(' ')}`;
  const folder = join(import.meta.dirname, 'services');
  await pushedByDocker('services', registry, tag =>
    docker(['build', '--quiet', '--build-arg', packages, '--tag', tag, folder], signal),
  );
}

/** Lets the engine make an image and push it, unless the registry has one of that name. */
async function pushedByDocker(
  name: string,
  registry: Registry,
  make: (tag: string) => Promise<unknown>,
): Promise<void> {
  if ((await digestOf(name, registry)) !== undefined) {
    return;
  }
  const tag = `${new URL(registry.url).host}/library/${name}`;
  await step(`pushing ${name}`, async () => {
    await make(tag);
    await docker(['push', '--quiet', tag], registry.signal);
  });
}

async function docker(words: string[], signal: AbortSignal): Promise<string> {
  return run('docker', words, {env: engine(), signal});
}
