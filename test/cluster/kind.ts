import {mkdirSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {givenFolder} from './given-cluster.ts';
import {engine, ensureKindImages, ensureRegistry, registryName} from './kind-registry.ts';
import {step} from './progress.ts';
import {run, type RunOptions} from './run.ts';
import {withLock} from './state.ts';

const clusterName = 'badidea-test';

/**
 * Nodes of kind before 0.27 read the folder of registries only if told so; the later ones do so anyway
 * (kind.sigs.k8s.io/docs/user/local-registry).
 */
const clusterConfig = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
containerdConfigPatches:
- |-
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
`;

/** A mirror of Docker Hub, as containerd's hosts.md has it: what our registry lacks still comes from the Hub. */
const hosts = `[host."http://${registryName}:5000"]\n  capabilities = ["pull", "resolve"]\n`;

/** Whether kind is on PATH and a Docker engine answers. */
export async function hasKind(signal: AbortSignal): Promise<boolean> {
  return kind(['version'], {signal})
    .then(() => run('docker', ['version', '--format', '{{.Server.Platform.Name}}'], {env: engine(), signal}))
    .then(
      // badidea is no engine to run nodes on.
      platform => !platform.startsWith('badidea'),
      () => false,
    );
}

/**
 * Makes the tests' own kind cluster, with a registry that holds the test images, as far as they are not there. The person's
 * kubeconfig is not touched. `port` is the registry's on this machine.
 */
export async function ensureKind(
  signal: AbortSignal,
  port = 5001,
): Promise<{kubeconfig: string; registry: string}> {
  return withLock(signal, async () => {
    const kubeconfig = await ensureCluster(signal);
    await ensureRegistry(port, signal);
    const nodes = await kind(['get', 'nodes', '--name', clusterName], {signal});
    await Promise.all(
      nodes
        .split('\n')
        .filter(Boolean)
        .map(node => useRegistry(node, signal)),
    );
    const registry = `http://127.0.0.1:${port}`;
    await ensureKindImages({url: registry, signal});
    return {kubeconfig, registry};
  });
}

/** Ends the API server as a crash would; the kubelet starts it again, the first time within a second or two. */
export async function killKindApiServer(signal: AbortSignal): Promise<void> {
  const node = `${clusterName}-control-plane`;
  const words = 'crictl stop --timeout 0 $(crictl ps --quiet --name "^kube-apiserver$")';
  await run('docker', ['exec', node, 'sh', '-c', words], {env: engine(), signal});
}

async function ensureCluster(signal: AbortSignal): Promise<string> {
  mkdirSync(givenFolder, {recursive: true, mode: 0o700});
  const clusters = await kind(['get', 'clusters'], {signal});
  const kubeconfig = join(givenFolder, 'kind.kubeconfig');
  if (!clusters.split('\n').includes(clusterName)) {
    const config = join(givenFolder, 'kind.yaml');
    writeFileSync(config, clusterConfig);
    const words = ['create', 'cluster', '--name', clusterName, '--config', config, '--wait', '120s'];
    await step('making a kind cluster', detail =>
      kind([...words, '--kubeconfig', `${kubeconfig}.new`], {signal, onLine: detail}),
    );
  } else {
    const words = ['export', 'kubeconfig', '--name', clusterName, '--kubeconfig', `${kubeconfig}.new`];
    await kind(words, {signal});
  }
  // In one step: another process may be reading it.
  renameSync(`${kubeconfig}.new`, kubeconfig);
  return kubeconfig;
}

/** Lets a node take plain names from our registry; containerd reads the folder anew at each pull. */
async function useRegistry(node: string, signal: AbortSignal): Promise<void> {
  const folder = '/etc/containerd/certs.d/docker.io';
  const words = `mkdir -p ${folder} && printf %s "$1" > ${folder}/hosts.toml`;
  await run('docker', ['exec', node, 'sh', '-c', words, 'sh', hosts], {env: engine(), signal});
}

async function kind(words: string[], options: RunOptions): Promise<string> {
  return run('kind', words, {...options, env: engine()});
}
