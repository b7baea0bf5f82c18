import {certificateFiles} from '../../config/certificates.ts';
import {
  type ContextEndpoint,
  currentContext,
  ensureContext,
  type OwnContext,
  switchToContext,
} from '../../config/docker-context.ts';
import {contextName, type ProfilePaths} from '../../config/paths.ts';
import type {TcpSettings} from '../../daemon/types.ts';
import {failure, failureLines} from '../../failures/failure.ts';

export interface ContextOutcome {
  name: string;
  current: boolean;
  /** What was done, in a few words. */
  words: string;
  /** Lines about variables that make docker not use the context. */
  warnings: string[];
}

export function ownContext(
  {profile, env}: {profile: string; env: NodeJS.ProcessEnv},
  paths: ProfilePaths,
): OwnContext {
  return {name: contextName(profile), socketHost: `unix://${paths.dockerSocket}`, env};
}

/** Makes the profile's docker context point to the daemon, and with `use` the current one. A fresh daemon may have fresh certificates. */
export async function pointContext(
  options: {profile: string; use: boolean; env: NodeJS.ProcessEnv},
  paths: ProfilePaths,
  daemon: {tcp: TcpSettings | undefined; fresh: boolean},
): Promise<ContextOutcome> {
  const own = ownContext(options, paths);
  const done = await (daemon.tcp
    ? ensureContext(own, tcpEndpoint(daemon.tcp, paths), daemon.fresh)
    : ensureContext(own, {host: own.socketHost}));
  if (options.use) await switchToContext(own, paths.previousContext);
  const current = await currentContext(options.env);
  const words = current === own.name ? `${done}, current` : `${done} (current context stays "${current}")`;
  return {name: own.name, current: current === own.name, words, warnings: warnings(own)};
}

function tcpEndpoint({host, port}: TcpSettings, paths: ProfilePaths): ContextEndpoint {
  const {ca, client} = certificateFiles(paths.tlsDirectory);
  return {
    host: `tcp://${host === '::1' ? '[::1]' : host}:${port}`,
    tls: {ca, certificate: client.certificate, key: client.key},
  };
}

function warnings({name, env, socketHost}: OwnContext): string[] {
  const overriding = [
    env['DOCKER_HOST'] && env['DOCKER_HOST'] !== socketHost ? 'DOCKER_HOST' : undefined,
    env['DOCKER_CONTEXT'] && env['DOCKER_CONTEXT'] !== name ? 'DOCKER_CONTEXT' : undefined,
  ];
  return overriding
    .filter(variable => variable !== undefined)
    .flatMap(variable => failureLines(failure('BAD-206', {variable, context: name}).toJSON()));
}
