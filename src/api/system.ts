import {json, text, type WholeReply} from '../http/reply.ts';
import {endpoint} from './endpoint.ts';
import type {Engine} from './engine.ts';
import {systemInfo} from './system-info.ts';
import {apiVersion, engineVersion, oldestApiVersion} from './version.ts';

/** The engine itself: what clients ask before anything else. */
export const system = [
  endpoint('GET', '/_ping', {handle: () => ping('OK')}),
  endpoint('HEAD', '/_ping', {handle: () => ping('')}),
  endpoint('GET', '/version', {handle: (_, {system: facts}) => json(200, versionAnswer(facts))}),
  endpoint('GET', '/info', {
    handle(_, engine) {
      return json(200, systemInfo(engine, new Date()));
    },
  }),
] as const;

function ping(body: string): WholeReply {
  return text(200, 'text/plain; charset=utf-8', body, {
    'Builder-Version': '2',
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
    Swarm: 'inactive',
  });
}

/** Clients compare `Version` with Docker's releases; what serves them is in what follows the plus, and in the components. */
function versionAnswer(facts: Engine['system']): object {
  const Version = `${engineVersion}+badidea.${facts.version}`;
  const kubernetes = facts.kubernetesVersion();
  const common = {
    ApiVersion: apiVersion,
    MinAPIVersion: oldestApiVersion,
    Os: 'linux',
    Arch: facts.architecture,
    KernelVersion: '',
  };
  const build = {GitCommit: '', GoVersion: '', BuildTime: ''};
  return {
    Platform: {Name: `badidea ${facts.version}, containers as Pods in namespace ${facts.namespace}`},
    Components: [
      {Name: 'Engine', Version, Details: {...common, ...build, Experimental: 'false'}},
      {
        Name: 'badidea',
        Version: facts.version,
        Details: {Context: facts.contextName, Namespace: facts.namespace},
      },
      ...(kubernetes ? [{Name: 'Kubernetes', Version: kubernetes, Details: {Server: facts.server}}] : []),
    ],
    Version,
    ...common,
    ...build,
  };
}
