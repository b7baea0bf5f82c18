import {createHash} from 'node:crypto';
import {readFile} from 'node:fs/promises';

import type {ConfigMap} from '../cluster/cluster.ts';
import {ownLabels} from '../translate/labels.ts';

/** Kubernetes' names of the architectures that the agent is built for. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** The architecture to run images for when nothing else says which. */
export function architectureOf(name: string): Architecture {
  return ARCHITECTURES.find(known => known === name) ?? 'amd64';
}

/**
 * The agent of an architecture as an immutable ConfigMap, named by its content and its owner: neither a new version
 * nor somebody else's `down --remove` changes what a running container has mounted.
 * The binaries are committed beside their sources (`npm run agent`).
 */
export async function agentConfigMap(
  architecture: Architecture,
  owner: string,
): Promise<ConfigMap & {metadata: {name: string}}> {
  const binary = await readFile(new URL(`../../src/agent/bin/agent-${architecture}`, import.meta.url));
  const hash = createHash('sha256').update(owner).update(binary).digest('hex').slice(0, 12);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {name: `bad-agent-${architecture}-${hash}`, labels: ownLabels(owner)},
    immutable: true,
    binaryData: {agent: binary.toString('base64')},
  };
}
