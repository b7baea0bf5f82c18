import type {ContainerImage, ContainerRecord, ImageConfig} from '../../src/translate/container-record.ts';
import type {PodSettings} from '../../src/translate/pod-for-container.ts';
import {ContainerCreateRequest} from '../../src/wire/container-create-request.ts';

export const plainConfig: ImageConfig = {
  Env: [],
  Cmd: [],
  Entrypoint: [],
  User: '',
  WorkingDir: '',
  ExposedPorts: [],
  Volumes: [],
  Labels: {},
};

/** An image with nothing in its configuration but what is given. */
export function imageNamed(name: string, config: Partial<ImageConfig> = {}): ContainerImage {
  const id = `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`;
  return {
    id,
    pullReference: `example.org/${name}@${id}`,
    architecture: 'amd64',
    config: {...plainConfig, Env: ['PATH=/usr/bin:/bin'], Cmd: ['sh'], ...config},
  };
}

export const someId = '28d40059b483033d1924298ec16ea80b1a192786a6af59363739bff8a7da160e';

/** A record as `docker create` makes it of this JSON. */
export function recordOf(
  raw: Record<string, unknown> = {},
  {id = someId, image = imageNamed('busybox')}: {id?: string; image?: ContainerImage} = {},
): ContainerRecord {
  const request = ContainerCreateRequest.parse({Image: 'busybox', ...raw});
  const hostConfig = raw['HostConfig'];
  return {
    id,
    name: 'web',
    created: '1795381046409169590',
    request,
    hostConfig: typeof hostConfig === 'object' && hostConfig !== null ? {...hostConfig} : {},
    image,
  };
}

export const podSettings: PodSettings = {
  owner: 'tester',
  agentConfigMap: architecture => `bad-agent-${architecture}`,
  requests: {cpu: '10m', memory: '32Mi'},
};
