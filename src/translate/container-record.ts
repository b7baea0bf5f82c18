import type {V1Secret} from '@kubernetes/client-node';

import type {ContainerCreateRequest} from '../wire/container-create-request.ts';
import {CONTAINER_SECRET_TYPE, ID_LABEL, objectName, ownLabels} from './labels.ts';
import {storedRecord, storedState} from './stored-container.ts';

/** What is known of a container that does not change: its Secret's key `container`. */
export interface ContainerRecord {
  /** 64 hexadecimal digits */
  id: string;
  /** without the slash */
  name: string;
  /** nanoseconds since 1970, as text: JSON has no 64-bit numbers */
  created: string;
  request: ContainerCreateRequest;
  /** as the client sent it, to be echoed by inspect */
  hostConfig: Record<string, unknown>;
  image: ContainerImage;
  /** undefined: the agent's port is of no use, as in a record that was written without or spoilt */
  agentKey: AgentKey | undefined;
}

/** Who sends the secret to the agent's port may speak to it; both are 64 hexadecimal digits. */
export interface AgentKey {
  /** never in logs, errors, answers or the Pod */
  secret: string;
  /** SHA-256 of the secret's bytes: all that the Pod knows */
  hash: string;
}

/** The image as it was when the container was made; a later pull of the tag changes nothing. */
export interface ContainerImage {
  /** `sha256:…`, what `docker inspect` says */
  id: string;
  /** a reference with a digest, for the kubelet */
  pullReference: string;
  architecture: string;
  config: ImageConfig;
}

/** The part of an image's configuration that a container inherits. */
export interface ImageConfig {
  Env: string[];
  Cmd: string[];
  Entrypoint: string[];
  User: string;
  WorkingDir: string;
  ExposedPorts: string[];
  Volumes: string[];
  Labels: Record<string, string>;
  StopSignal?: string | undefined;
}

/** What changes: its Secret's key `state`. The agent knows better as long as it lives. */
export interface ContainerState {
  status: 'created' | 'running' | 'exited';
  /** nanoseconds since 1970, as text; 0 = never */
  startedAt: string;
  finishedAt: string;
  exitCode: number;
  oomKilled: boolean;
  /** why it could not start, or did not end by itself; empty = none */
  error: string;
  /** the host ports of the present or last run, so that a new daemon listens where the last one did */
  ports: PublishedPort[];
}

export interface PublishedPort {
  /** `80/tcp` */
  containerPort: string;
  hostIp: string;
  hostPort: number;
}

export const createdState: ContainerState = {
  status: 'created',
  startedAt: '0',
  finishedAt: '0',
  exitCode: 0,
  oomKilled: false,
  error: '',
  ports: [],
};

/** The Secret of a new container. A Secret, because environment variables hold passwords. */
export function secretForContainer(record: ContainerRecord, state: ContainerState, owner: string): V1Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: CONTAINER_SECRET_TYPE,
    metadata: {
      name: objectName(record.id),
      labels: {...ownLabels(owner), [ID_LABEL]: record.id.slice(0, 32)},
    },
    data: {container: encode(record), state: encode(state)},
  };
}

/** A merge patch that writes the state and nothing else. */
export function statePatch(state: ContainerState): object {
  return {data: {state: encode(state)}};
}

/** undefined for a Secret that is no container's, or that somebody has spoilt. A state that cannot be read is that of a new container: its agent knows better. */
export function containerFromSecret(
  secret: V1Secret,
): {record: ContainerRecord; state: ContainerState} | undefined {
  if (secret.type !== CONTAINER_SECRET_TYPE) return undefined;
  const record = storedRecord(decode(secret.data?.['container']));
  if (!record || secret.metadata?.name !== objectName(record.id)) return undefined;
  return {record, state: storedState(decode(secret.data?.['state'])) ?? createdState};
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

function decode(base64: string | undefined): unknown {
  if (base64 === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString());
  } catch {
    return undefined;
  }
}
