import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

import type {Binaries} from './build.ts';
import {cgroupRoot} from './cgroups.ts';
import {nodeIp, podRange, registryUrl, resolvConf} from './network.ts';
import {cacheFolder, kubeconfigPaths, logFolder, stateFolder} from './paths.ts';
import type {Pki} from './pki.ts';

/** The API server's address, for the node and for the machine. */
export const apiUrl = `https://${nodeIp}:6443`;

/** The namespace that the `badidea` kubeconfig works in when none is named. */
export const testNamespace = 'badidea-test';

/** A file of the node's configuration, in the state folder. */
export function configFile(name: string): string {
  return join(stateFolder, 'config', name);
}

/** Writes all that the components read at their start. */
export function writeConfigFiles(binaries: Binaries, pki: Pki): void {
  mkdirSync(logFolder, {recursive: true});
  const files = {
    'ca.crt': pki.ca,
    'apiserver.crt': pki.serverCertificate,
    'apiserver.key': pki.serverKey,
    'service-account.key': pki.serviceAccountKey,
    'service-account.pub': pki.serviceAccountPublicKey,
    'tokens.csv': `${pki.tokens.admin},admin,admin,"system:masters"\n${pki.tokens.badidea},badidea,badidea\n`,
    'resolv.conf': resolvConf(),
    'kubelet.json': json(kubeletConfig()),
    'containerd.toml': containerdConfig(binaries),
    'certs.d/docker.io/hosts.toml': mirror,
    [`certs.d/${new URL(registryUrl).host}/hosts.toml`]: mirror,
    'cni/10-badidea.conflist': json(cniConfig),
    'registry.json': json(registryConfig),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(configFile(name)), {recursive: true});
    writeFileSync(configFile(name), text, {mode: 0o600});
  }
  writeFileSync(kubeconfigPaths.admin, kubeconfig('admin', pki, 'default'), {mode: 0o600});
  writeFileSync(kubeconfigPaths.badidea, kubeconfig('badidea', pki, testNamespace), {mode: 0o600});
}

function kubeletConfig(): object {
  const nothing = '0%';
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {anonymous: {enabled: true}, webhook: {enabled: false}},
    authorization: {mode: 'AlwaysAllow'},
    cgroupDriver: 'cgroupfs',
    cgroupRoot,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    enforceNodeAllocatable: [],
    // A full disk or little memory of the developer's machine must not evict the tests' Pods.
    evictionHard: {
      'memory.available': nothing,
      'nodefs.available': nothing,
      'nodefs.inodesFree': nothing,
      'imagefs.available': nothing,
      'imagefs.inodesFree': nothing,
    },
    failCgroupV1: false,
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    resolvConf: configFile('resolv.conf'),
    volumePluginDir: join(stateFolder, 'volume-plugins'),
  };
}

function containerdConfig(binaries: Binaries): string {
  const runtime = (name: string, options: string) => `
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.${name}]
  runtime_type = 'io.containerd.runc.v2'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.${name}.options]
    BinaryName = '${binaries['runc']}'
    ${options}
`;
  return `version = 3
root = '${stateFolder}/containerd'
state = '/run/containerd'
disabled_plugins = ['io.containerd.internal.v1.opt', 'io.containerd.nri.v1.nri', 'io.containerd.tracing.processor.v1.otlp']

[grpc]
  address = '/run/containerd/containerd.sock'

[plugins.'io.containerd.cri.v1.images']
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = 'docker.io/library/pause:latest'
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = '${configFile('certs.d')}'

[plugins.'io.containerd.cri.v1.runtime']
  # containerd would load a profile into the machine's kernel and leave it there.
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['/usr/lib/cni']
    conf_dir = '${configFile('cni')}'
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = 'runc'
${runtime('runc', 'SystemdCgroup = false')}${runtime('runc-alt', 'NoNewKeyring = true')}`;
}

/** Plain names (`busybox`) come from the local registry and from nowhere else: tests must not depend on the world. */
const mirror = `server = "${registryUrl}"

[host."${registryUrl}"]
  capabilities = ["pull", "resolve"]
`;

const cniConfig = {
  cniVersion: '1.0.0',
  name: 'badidea',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: {type: 'host-local', ranges: [[{subnet: podRange}]], routes: [{dst: '0.0.0.0/0'}]},
    },
    {type: 'portmap', capabilities: {portMappings: true}},
  ],
};

/** The registry keeps its files in the cache: an image is pushed once and not at every start. */
const registryConfig = {
  version: 0.1,
  log: {level: 'warn'},
  storage: {filesystem: {rootdirectory: join(cacheFolder, 'registry')}, delete: {enabled: true}},
  http: {addr: ':5000'},
};

function kubeconfig(user: string, pki: Pki, namespace: string): string {
  return json({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'badidea-cluster',
    clusters: [
      {
        name: 'badidea-cluster',
        cluster: {server: apiUrl, 'certificate-authority-data': Buffer.from(pki.ca).toString('base64')},
      },
    ],
    users: [{name: user, user: {token: pki.tokens[user === 'admin' ? 'admin' : 'badidea']}}],
    contexts: [{name: 'badidea-cluster', context: {cluster: 'badidea-cluster', user, namespace}}],
  });
}

/** JSON is YAML too, so this is right for every file that wants YAML. */
function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
