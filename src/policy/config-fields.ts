import {
  type FieldRules,
  elementsOf,
  depends,
  harmless,
  honoured,
  ignored,
  isZero,
  nothing,
  warning,
} from './decision.ts';

/** ContainerConfig: the top level of the body of `POST /containers/create`. */
export const configFields: FieldRules = {
  Hostname: honoured('--hostname'),
  Domainname: ignored('--domainname', 'docker inspect shows it, the container does not see it'),
  User: honoured('--user', "names are looked up in the image's /etc/passwd and /etc/group"),
  AttachStdin: honoured('--attach'),
  AttachStdout: honoured('--attach'),
  AttachStderr: honoured('--attach'),
  ExposedPorts: honoured('--expose'),
  Tty: honoured('--tty'),
  OpenStdin: honoured('--interactive'),
  StdinOnce: honoured('--interactive'),
  Env: honoured('--env', 'travels to the agent, never into the Pod'),
  Cmd: honoured('COMMAND'),
  Healthcheck: depends(
    '--health-cmd',
    'health checks are not run yet; `--no-healthcheck` changes nothing',
    value =>
      hasHealthcheck(value) ? warning('--health-cmd has no effect: health checks are not run yet') : nothing,
  ),
  ArgsEscaped: harmless('', 'is for Windows'),
  Image: honoured('IMAGE'),
  Volumes: depends(
    '--volume /path',
    "an anonymous volume stays in the container's own layer, and is not made if the image lacks the path",
    value =>
      isZero(value)
        ? nothing
        : warning(
            "--volume has no effect: an anonymous volume stays in the container's own layer, and goes with it",
          ),
  ),
  WorkingDir: honoured('--workdir'),
  Entrypoint: honoured('--entrypoint'),
  NetworkDisabled: ignored('NetworkDisabled', "the Pod has the cluster's network, nothing is cut off"),
  MacAddress: ignored('--mac-address', 'the cluster chooses it'),
  OnBuild: harmless('', 'is for builds'),
  Labels: honoured('--label', "are kept in the container's record, never as labels of Kubernetes"),
  StopSignal: honoured('--stop-signal'),
  StopTimeout: honoured('--stop-timeout'),
  Shell: harmless('', 'is for builds'),
};

/** `{}` inherits the image's, `["NONE"]` asks for none. */
function hasHealthcheck(value: unknown): boolean {
  if (isZero(value)) {
    return false;
  }
  const test = typeof value === 'object' && value !== null && 'Test' in value ? elementsOf(value.Test) : [];
  return test[0] !== 'NONE';
}
