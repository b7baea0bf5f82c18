import type {V1Container, V1Pod, V1SecurityContext} from '@kubernetes/client-node';

import type {ContainerCreateRequest} from '../wire/container-create-request.ts';
import type {ContainerRecord} from './container-record.ts';
import {ID_LABEL, WARM_LABEL, objectName, ownLabels} from './labels.ts';
import {hostnameOf} from './process-for-container.ts';

export const MAIN_CONTAINER = 'main';
export const AGENT = '/.badidea/bin/agent';
/** Where the agent listens on the Pod's loopback. Above the ports that Linux gives to outgoing connections (32768 to 60999), registered for nothing, in use by nobody. */
export const AGENT_PORT = 61_061;
/** What `pods/exec` runs to reach the agent where its port cannot be reached. */
export const CONNECT_COMMAND = [AGENT, 'connect'];

/** What a Pod needs to know beyond the container: settings of this daemon and its cluster. */
export interface PodSettings {
  owner: string;
  /** the agent's ConfigMap for an architecture */
  agentConfigMap(architecture: string): string;
  /** what a container asks for at least; Autopilot has a floor of its own */
  requests: {cpu: string; memory: string};
}

/**
 * The Pod that holds a container: the agent as its command, which waits until it is told to start. It passes Pod Security *baseline*,
 * and nothing of the container's environment or command is in it.
 */
export function podForContainer(
  record: Pick<ContainerRecord, 'id' | 'request' | 'image' | 'agentKey'>,
  settings: PodSettings,
): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: objectName(record.id),
      labels: {...ownLabels(settings.owner), [ID_LABEL]: record.id.slice(0, 32)},
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 10,
      nodeSelector: {'kubernetes.io/os': 'linux', 'kubernetes.io/arch': record.image.architecture},
      hostname: podHostname(hostnameOf(record)),
      securityContext: {seccompProfile: {type: 'RuntimeDefault'}},
      ...names(record.request),
      containers: [mainContainer(record, settings)],
      volumes: [
        {
          name: 'agent',
          configMap: {name: settings.agentConfigMap(record.image.architecture), defaultMode: 0o555},
        },
        {name: 'run', emptyDir: {}},
      ],
    },
  };
}

/** The same Pod before any container has it: made ahead of time, with an id that a container will take. */
export function warmPod(pod: V1Pod): V1Pod {
  return {...pod, metadata: {...pod.metadata, labels: {...pod.metadata?.labels, [WARM_LABEL]: 'true'}}};
}

/** The text by which two containers can share a held Pod: everything but the names that follow from the id, and the agent's key. */
export function podShape(pod: V1Pod, containerId: string): string {
  const hostname = pod.spec?.hostname === containerId.slice(0, 12) ? undefined : pod.spec?.hostname;
  // The command is the agent's in every Pod, and differs by the key alone.
  const containers = pod.spec?.containers.map(container => ({...container, command: undefined}));
  return JSON.stringify({...pod.spec, hostname, containers});
}

function mainContainer(
  record: Pick<ContainerRecord, 'request' | 'image' | 'agentKey'>,
  settings: PodSettings,
): V1Container {
  const {Memory, NanoCpus} = record.request.HostConfig;
  const limits = {
    ...(Memory > 0 ? {memory: String(Memory)} : {}),
    ...(NanoCpus > 0 ? {cpu: `${Math.max(1, Math.round(NanoCpus / 1e6))}m`} : {}),
  };
  return {
    name: MAIN_CONTAINER,
    image: record.image.pullReference,
    imagePullPolicy: 'IfNotPresent',
    command: [AGENT, 'init', ...portArguments(record)],
    // The image's own working directory may not exist; the agent changes to it, and makes it, when it starts the process.
    workingDir: '/',
    resources: {
      requests: requestsBelow(settings.requests, limits),
      ...(Object.keys(limits).length > 0 ? {limits} : {}),
    },
    securityContext: securityContext(record.request),
    volumeMounts: [
      {name: 'agent', mountPath: '/.badidea/bin', readOnly: true},
      {name: 'run', mountPath: '/.badidea/run'},
    ],
  };
}

/** The hash alone: who may read Pods may not speak to their agents. */
function portArguments({agentKey}: Pick<ContainerRecord, 'agentKey'>): string[] {
  return agentKey ? ['--port', String(AGENT_PORT), '--key', agentKey.hash] : [];
}

/** A request above its limit is refused by the API server. */
function requestsBelow(requests: {cpu: string; memory: string}, limits: {cpu?: string; memory?: string}) {
  return {
    cpu: limits.cpu !== undefined && milli(limits.cpu) < milli(requests.cpu) ? limits.cpu : requests.cpu,
    memory:
      limits.memory !== undefined && Number(limits.memory) < bytes(requests.memory)
        ? limits.memory
        : requests.memory,
  };
}

/** The agent is root where the image's user is not, and drops to that user for the process: `exec -u root` and `cp` work as in Docker. */
function securityContext({HostConfig}: ContainerCreateRequest): V1SecurityContext {
  // NET_RAW is the runtime's default, and Pod Security baseline does not let it be named.
  const add = HostConfig.CapAdd.map(capability).filter(name => name !== 'NET_RAW');
  const drop = HostConfig.CapDrop.map(capability);
  return {
    runAsUser: 0,
    runAsGroup: 0,
    ...(add.length > 0 || drop.length > 0
      ? {capabilities: {...(add.length > 0 ? {add} : {}), ...(drop.length > 0 ? {drop} : {})}}
      : {}),
    ...(HostConfig.ReadonlyRootfs ? {readOnlyRootFilesystem: true} : {}),
    ...(HostConfig.SecurityOpt.some(
      option => option.startsWith('no-new-privileges') && !option.endsWith('false'),
    )
      ? {allowPrivilegeEscalation: false}
      : {}),
  };
}

function names({
  HostConfig,
}: ContainerCreateRequest): Pick<NonNullable<V1Pod['spec']>, 'dnsPolicy' | 'dnsConfig' | 'hostAliases'> {
  const hostAliases = HostConfig.ExtraHosts.map(entry => {
    const colon = entry.indexOf(':');
    return {hostnames: [entry.slice(0, colon)], ip: entry.slice(colon + 1).replace(/^\[|\]$/g, '')};
  });
  const own =
    HostConfig.Dns.length > 0 || HostConfig.DnsSearch.length > 0 || HostConfig.DnsOptions.length > 0;
  return {
    dnsPolicy: HostConfig.Dns.length > 0 ? 'None' : 'ClusterFirst',
    ...(own
      ? {
          dnsConfig: {
            ...(HostConfig.Dns.length > 0 ? {nameservers: HostConfig.Dns} : {}),
            ...(HostConfig.DnsSearch.length > 0
              ? {searches: HostConfig.DnsSearch.filter(search => search !== '.')}
              : {}),
            ...(HostConfig.DnsOptions.length > 0 ? {options: HostConfig.DnsOptions.map(dnsOption)} : {}),
          },
        }
      : {}),
    ...(hostAliases.length > 0 ? {hostAliases} : {}),
  };
}

function dnsOption(option: string) {
  const [name, value] = option.split(':', 2);
  return {name: name ?? option, ...(value === undefined ? {} : {value})};
}

function capability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, '');
}

/** Kubernetes takes a DNS label; Docker takes more. What it cannot take is written with hyphens. */
function podHostname(hostname: string): string {
  const label = hostname
    .split('.', 1)[0]
    ?.toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return label || 'container';
}

function milli(cpu: string): number {
  return cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000;
}

function bytes(memory: string): number {
  const units: Record<string, number> = {Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30};
  const unit = memory.slice(-2);
  return units[unit] === undefined ? Number(memory) : Number(memory.slice(0, -2)) * units[unit];
}
