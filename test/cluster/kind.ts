import {mkdirSync} from 'node:fs';
import {join} from 'node:path';

import {stateFolder} from './paths.ts';
import {step} from './progress.ts';
import {run} from './run.ts';

const name = 'badidea-test';

/** Whether kind is on PATH and a Docker engine answers. */
export async function hasKind(signal: AbortSignal): Promise<boolean> {
  // Not the engine that `docker` happens to be pointed at: that may be badidea itself.
  const engine = ['--context', 'default', 'version', '--format', '{{.Server.Version}}'];
  return run('kind', ['version'], {signal})
    .then(() => run('docker', engine, {signal}))
    .then(
      () => true,
      () => false,
    );
}

/** Makes the tests' own kind cluster unless it is there, and returns the path of its kubeconfig; the user's is not touched. */
export async function kindKubeconfig(signal: AbortSignal): Promise<string> {
  const folder = `${stateFolder}-given`;
  const kubeconfig = join(folder, 'kind.kubeconfig');
  mkdirSync(folder, {recursive: true, mode: 0o700});
  const clusters = await run('kind', ['get', 'clusters'], {signal});
  if (clusters.split('\n').includes(name)) {
    await run('kind', ['export', 'kubeconfig', '--name', name, '--kubeconfig', kubeconfig], {signal});
  } else {
    const create = ['create', 'cluster', '--name', name, '--kubeconfig', kubeconfig, '--wait', '120s'];
    await step('making a kind cluster', detail => run('kind', create, {signal, onLine: detail}));
  }
  return kubeconfig;
}
