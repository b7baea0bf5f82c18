import {join} from 'node:path';

import type {Binaries} from './build.ts';
import {configFile} from './config-files.ts';
import {nodeIp, podRange, serviceRange} from './network.ts';
import {unpacked} from './packages.ts';
import {kubeconfigPaths, stateFolder} from './paths.ts';

/** The parts of the cluster, in the order in which they are started. */
export const componentNames = [
  'etcd',
  'containerd',
  'registry',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
] as const;

export type ComponentName = (typeof componentNames)[number];

export const nodeName = 'node1';
const etcdUrl = 'http://127.0.0.1:2379';
const etcdPeerUrl = 'http://127.0.0.1:2380';

/** What to run for a component. */
export function commandOf(name: ComponentName, binaries: Binaries): string[] {
  if (name === 'registry') {
    return [unpacked['docker-registry'], 'serve', configFile('registry.json')];
  }
  const binary = binaries[name === 'containerd' ? 'containerd' : 'kubernetes'] ?? name;
  const flags = Object.entries(flagsOf[name]).map(([flag, value]) => `--${flag}=${value}`);
  return name === 'containerd' ? [binary, ...flags] : [binary, name, ...flags];
}

const kubeconfig = kubeconfigPaths.admin;

const flagsOf: Record<Exclude<ComponentName, 'registry'>, Record<string, string>> = {
  etcd: {
    'data-dir': join(stateFolder, 'etcd'),
    'listen-client-urls': etcdUrl,
    'advertise-client-urls': etcdUrl,
    'listen-peer-urls': etcdPeerUrl,
    'initial-advertise-peer-urls': etcdPeerUrl,
    'initial-cluster': `default=${etcdPeerUrl}`,
    'unsafe-no-fsync': 'true',
    'log-level': 'warn',
  },
  containerd: {config: configFile('containerd.toml'), 'log-level': 'info'},
  'kube-apiserver': {
    'etcd-servers': etcdUrl,
    'secure-port': '6443',
    'advertise-address': nodeIp,
    'tls-cert-file': configFile('apiserver.crt'),
    'tls-private-key-file': configFile('apiserver.key'),
    'client-ca-file': configFile('ca.crt'),
    'service-account-key-file': configFile('service-account.pub'),
    'service-account-signing-key-file': configFile('service-account.key'),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-cluster-ip-range': serviceRange,
    'token-auth-file': configFile('tokens.csv'),
    'authorization-mode': 'Node,RBAC',
    'allow-privileged': 'true',
    'enable-admission-plugins': 'NodeRestriction',
    'kubelet-preferred-address-types': 'InternalIP',
  },
  'kube-controller-manager': {
    kubeconfig,
    'service-account-private-key-file': configFile('service-account.key'),
    'root-ca-file': configFile('ca.crt'),
    'use-service-account-credentials': 'true',
    'leader-elect': 'false',
    // At its start it asks for 90 tokens and more, for which it would need 4 s. It has no part in starting a Pod.
    'kube-api-qps': '200',
    'kube-api-burst': '300',
    'cluster-cidr': podRange,
    'enable-hostpath-provisioner': 'true',
    'flex-volume-plugin-dir': join(stateFolder, 'volume-plugins'),
  },
  'kube-scheduler': {kubeconfig, 'leader-elect': 'false'},
  kubelet: {
    config: configFile('kubelet.json'),
    kubeconfig,
    'hostname-override': nodeName,
    'node-ip': nodeIp,
  },
  'kube-proxy': {
    kubeconfig,
    'proxy-mode': 'iptables',
    'hostname-override': nodeName,
    'cluster-cidr': podRange,
    'conntrack-max-per-core': '0',
  },
};
