/**
 * The environment of the daemon, from that of the command: paths, proxies and cloud SDK settings stay, for credential plugins need them. Docker's own
 * variables go (they would point its tools at ourselves), tokens go unless the kubeconfig's text names them, and so does what debuggers add to Node.
 */
export function daemonEnvironment(
  env: NodeJS.ProcessEnv,
  options: {kubeconfig: string | undefined; kubeconfigText: string},
): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => isWanted(name) || (isToken(name) && options.kubeconfigText.includes(name)),
  );
  return {
    ...Object.fromEntries(kept),
    ...(options.kubeconfig === undefined ? {} : {KUBECONFIG: options.kubeconfig}),
  };
}

function isWanted(name: string): boolean {
  return (
    !isToken(name) &&
    !name.startsWith('DOCKER_') &&
    !name.startsWith('NODE_CHANNEL') &&
    name !== 'NODE_OPTIONS'
  );
}

function isToken(name: string): boolean {
  return /_TOKEN$/i.test(name);
}
