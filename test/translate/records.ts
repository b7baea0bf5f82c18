import type {ContainerView} from '../../src/translate/container-answers.ts';
import {
  type AgentKey,
  type ContainerImage,
  type ContainerRecord,
  type ContainerState,
  createdState,
  type ImageConfig,
} from '../../src/translate/container-record.ts';
import type {PodSettings} from '../../src/translate/pod-for-container.ts';
import {ContainerCreateRequest} from '../../src/wire/container-create-request.ts';
import {plainRun} from '../policy/plain-run.ts';

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

export const agentKey: AgentKey = {secret: '5ec4e7'.padEnd(64, '0'), hash: '4a54'.padEnd(64, 'f')};

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
    agentKey,
  };
}

export const podSettings: PodSettings = {
  owner: 'tester',
  agentConfigMap: architecture => `bad-agent-${architecture}`,
  requests: {cpu: '10m', memory: '32Mi'},
};

/** The image of the recorded answers. */
const recordedImage = {
  ...imageNamed('busybox', {Env: [], Cmd: ['sh']}),
  id: 'sha256:24d1dd4e795dd41ca2dd0b9c22d2ea2f3471e91309fd1f73d5c9c649cb520118',
};
/** The request of the recorded answers. */
export const web = {
  ...plainRun,
  AttachStdout: false,
  AttachStderr: false,
  Env: ['A=b'],
  Cmd: ['httpd', '-f', '-p', '80'],
  Labels: {x: 'y'},
  ExposedPorts: {'80/tcp': {}},
  HostConfig: {...plainRun.HostConfig, PortBindings: {'80/tcp': [{HostIp: '', HostPort: '8080'}]}},
};
/** Nanoseconds since 1970. */
export const startedAt = 1_795_381_046_484_327_192n;
export const runningState: ContainerState = {
  ...createdState,
  status: 'running',
  startedAt: String(startedAt),
  ports: [
    {containerPort: '80/tcp', hostIp: '127.0.0.1', hostPort: 8080},
    {containerPort: '80/tcp', hostIp: '::1', hostPort: 8080},
  ],
};

/** A container of a request, in a state. */
export function view(
  raw: Record<string, unknown> = {},
  state: Partial<ContainerState> = {},
  more: Partial<ContainerView> = {},
): ContainerView {
  return {
    record: recordOf(raw, {image: recordedImage}),
    state: {...createdState, ...state},
    removing: false,
    pid: 240,
    podIp: '172.17.0.2',
    execIds: [],
    ...more,
  };
}
