import {delimiter, resolve} from 'node:path';

import {certificateFiles} from '../../config/certificates.ts';
import type {ProfilePaths} from '../../config/paths.ts';
import {readSettings} from '../../config/settings.ts';
import type {DaemonRecord} from '../../daemon/record.ts';
import type {DaemonSettings, TcpSettings} from '../../daemon/types.ts';
import {failure} from '../../failures/failure.ts';

/** The flags of `up` that decide what the daemon does. */
export interface SettingFlags {
  profile: string;
  kubeContext: string | undefined;
  kubeconfig: string | undefined;
  namespace: string | undefined;
  tcp: string | undefined;
}

/** The daemon's settings: flags over config.json over defaults. */
export async function daemonSettings(
  flags: SettingFlags,
  paths: ProfilePaths,
  env: NodeJS.ProcessEnv,
): Promise<DaemonSettings> {
  const {kubeContext, namespace, ...user} = await readSettings(paths.configDirectory);
  const kubeconfig = kubeconfigList(flags.kubeconfig, env);
  const context = flags.kubeContext ?? kubeContext;
  const checkedNamespace = checkNamespace(flags.namespace ?? namespace);
  return {
    profile: flags.profile,
    dockerSocket: paths.dockerSocket,
    stateDirectory: paths.stateDirectory,
    ...user,
    ...(kubeconfig === undefined ? {} : {kubeconfig}),
    ...(context === undefined ? {} : {kubeContext: context}),
    ...(checkedNamespace === undefined ? {} : {namespace: checkedNamespace}),
    ...(flags.tcp === undefined ? {} : {tcp: tcpSettings(flags.tcp, paths.tlsDirectory)}),
  };
}

/** What `asked` wants that the running daemon does not do, one line each. What was not asked for may be as it is. */
export function settingDifferences(asked: DaemonSettings, running: DaemonRecord): string[] {
  const actual: DaemonSettings = {
    ...running.settings,
    kubeContext: running.target.contextName,
    namespace: running.target.namespace,
  };
  const keys = [
    'kubeconfig',
    'kubeContext',
    'namespace',
    'tcp',
    'warm',
    'registries',
    'forward',
    'podRequests',
  ] as const;
  return keys
    .filter(key => asked[key] !== undefined && text(asked[key]) !== text(actual[key]))
    .map(key => `${key}: runs with ${text(actual[key])}, asked for ${text(asked[key])}`);
}

function kubeconfigList(flag: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  // The daemon's working folder is /, so relative paths must be resolved here.
  const list = flag === undefined ? (env['KUBECONFIG'] ?? '').split(delimiter) : [flag];
  const paths = list.filter(path => path !== '').map(path => resolve(path));
  return paths.length > 0 ? paths.join(delimiter) : undefined;
}

function checkNamespace(namespace: string | undefined): string | undefined {
  if (namespace === undefined || /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) return namespace;
  throw failure('BAD-002', {
    what: `"${namespace.slice(0, 70)}" is no name for a namespace.`,
    why: 'Kubernetes takes 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends.',
    fix: 'badidea up --namespace NS',
  });
}

function tcpSettings(address: string, tlsDirectory: string): TcpSettings {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw failure('BAD-002', {
      what: `"${address.slice(0, 100)}" is no address to listen on.`,
      why: 'An address is HOST:PORT.',
      fix: 'badidea up --tcp 127.0.0.1:2376',
    });
  }
  if (!/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host) && host !== '::1' && host !== 'localhost')
    throw failure('BAD-309', {address});
  const {ca, server} = certificateFiles(tlsDirectory);
  // The certificate is for these two.
  const loopback = host === '::1' ? '::1' : '127.0.0.1';
  return {host: loopback, port, caFile: ca, certificateFile: server.certificate, keyFile: server.key};
}

function text(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'host' in value && 'port' in value)
    return `${String(value.host)}:${String(value.port)}`;
  return JSON.stringify(value);
}
