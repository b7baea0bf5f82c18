import type {ExecCreateRequest, ExecInspect} from '../../src/api/engine.ts';
import type {ContainerInspect, ContainerSummary} from '../../src/translate/container-answers.ts';
import type {ScriptedContainer} from './scripted-engine.ts';

export function summaryOf({Id, name, status, request}: ScriptedContainer): ContainerSummary {
  return {
    Id,
    Names: [`/${name}`],
    Image: request.Image,
    ImageID: 'sha256:1',
    Command: 'sh',
    Created: 1_700_000_000,
    State: status,
    Status: status === 'running' ? 'Up 2 seconds' : 'Created',
    Ports: [],
    Labels: request.Labels,
    HostConfig: {NetworkMode: 'bridge'},
    NetworkSettings: {Networks: {}},
    Mounts: [],
  };
}

export function inspectOf({Id, name, status, exitCode, request}: ScriptedContainer): ContainerInspect {
  return {
    Id,
    Name: `/${name}`,
    State: {Status: status, Running: status === 'running', ExitCode: exitCode},
    Config: {
      Tty: request.Tty,
      Image: request.Image,
      Labels: request.Labels,
      Env: request.Env,
      OpenStdin: request.OpenStdin,
    },
    HostConfig: {
      AutoRemove: request.HostConfig.AutoRemove,
      NetworkMode: 'bridge',
      LogConfig: request.HostConfig.LogConfig,
    },
    NetworkSettings: {Ports: {}, Networks: {}},
  };
}

export function execInspect(ID: string, ContainerID: string, request: ExecCreateRequest): ExecInspect {
  const [entrypoint = '', ...rest] = request.Cmd;
  return {
    ID,
    ContainerID,
    Running: false,
    ExitCode: null,
    ProcessConfig: {tty: request.Tty, entrypoint, arguments: rest, privileged: request.Privileged},
    OpenStdin: request.AttachStdin,
    OpenStdout: request.AttachStdout,
    OpenStderr: request.AttachStderr,
    CanRemove: false,
    DetachKeys: request.DetachKeys,
    Pid: 0,
  };
}
