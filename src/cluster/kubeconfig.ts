import {readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {delimiter, dirname, isAbsolute, join, resolve, sep} from 'node:path';

import {load} from 'js-yaml';
import {z} from 'zod';

import {InvalidRequest} from '../errors.ts';
import {inClusterConfig} from './in-cluster.ts';
import {type ClusterEntry, KubeconfigFile, type UserEntry} from './kubeconfig-schema.ts';

/** One context of a kubeconfig with everything that it points to; paths are absolute. */
export interface ClusterTarget {
  contextName: string;
  clusterName: string;
  userName: string;
  namespace: string;
  cluster: ClusterEntry;
  user: UserEntry;
}

export interface KubeconfigChoice {
  /** A file; otherwise KUBECONFIG (a list of files), ~/.kube/config, the service account of the Pod that we are in. */
  kubeconfig?: string | undefined;
  /** Otherwise the current context. */
  context?: string | undefined;
  /** Otherwise the context's, or `default`. */
  namespace?: string | undefined;
  env: NodeJS.ProcessEnv;
}

/**
 * Reads and merges the kubeconfig as kubectl does: files of KUBECONFIG that are absent are skipped, the first file to name a thing wins, paths in a
 * file are relative to it. Client-node's own loader refuses both and costs 75 MB of memory to import, so this is ours.
 */
export async function loadClusterTarget(choice: KubeconfigChoice): Promise<ClusterTarget> {
  const files = kubeconfigFiles(choice);
  const read = await Promise.all(files.map(path => readKubeconfig(path, choice.kubeconfig !== undefined)));
  const found = read.filter(file => file !== undefined);
  const config = found.length > 0 ? merge(found) : await inClusterConfig();
  if (!config) {
    throw new InvalidRequest(
      `No kubeconfig was found: ${files.join(', ')} does not exist. Name one with --kubeconfig or KUBECONFIG.`,
      {reason: 'kubeconfig'},
    );
  }
  return pickTarget(config, choice, files);
}

function kubeconfigFiles({kubeconfig, env}: KubeconfigChoice): string[] {
  if (kubeconfig !== undefined) return [resolve(kubeconfig)];
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter(path => path !== '');
  return listed.length > 0
    ? listed.map(path => resolve(path))
    : [join(env['HOME'] || homedir(), '.kube', 'config')];
}

async function readKubeconfig(path: string, required: boolean): Promise<KubeconfigFile | undefined> {
  try {
    const parsed = KubeconfigFile.parse(load(await readFile(path, 'utf8')) ?? {});
    return withAbsolutePaths(parsed, dirname(path));
  } catch (error) {
    if (!required && error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new InvalidRequest(`The kubeconfig ${path} cannot be used: ${reasonOf(error)}`, {
      reason: 'kubeconfig',
    });
  }
}

/** Says what is wrong and where, and never quotes the file: it holds keys and tokens. */
function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  }
  if (!(error instanceof Error)) return 'it cannot be read';
  return error.name === 'YAMLException' ? 'it is not YAML' : error.message;
}

function withAbsolutePaths(file: KubeconfigFile, folder: string): KubeconfigFile {
  for (const {cluster} of file.clusters) absolute(cluster, folder, ['certificate-authority']);
  for (const {user} of file.users) {
    absolute(user, folder, ['client-certificate', 'client-key', 'tokenFile']);
    // A bare command name is looked up in PATH, one with a slash is a path (client-go `clientcmd/loader.go`).
    if (user.exec?.command.includes(sep)) absolute(user.exec, folder, ['command']);
  }
  return file;
}

function absolute<K extends string>(entry: {[name in K]?: string | undefined}, folder: string, names: K[]) {
  for (const name of names) {
    const path: string | undefined = entry[name];
    if (path !== undefined && !isAbsolute(path)) Object.assign(entry, {[name]: resolve(folder, path)});
  }
}

function merge(files: KubeconfigFile[]): KubeconfigFile {
  return {
    'current-context': files.map(file => file['current-context']).find(name => name !== undefined),
    clusters: files.flatMap(file => file.clusters),
    contexts: files.flatMap(file => file.contexts),
    users: files.flatMap(file => file.users),
  };
}

function pickTarget(config: KubeconfigFile, choice: KubeconfigChoice, files: string[]): ClusterTarget {
  const contextName = choice.context ?? config['current-context'];
  const known = [...new Set(config.contexts.map(({name}) => name))].toSorted().join(', ') || 'none';
  if (contextName === undefined) {
    throw new InvalidRequest(
      `The kubeconfig has no current context. Name one of its contexts (${known}) with --kube-context.`,
      {reason: 'context'},
    );
  }
  const context = config.contexts.find(({name}) => name === contextName)?.context;
  if (!context) {
    throw new InvalidRequest(
      `The kubeconfig ${files.join(', ')} has no context "${contextName}". Its contexts are: ${known}.`,
      {reason: 'context'},
    );
  }
  const cluster = config.clusters.find(({name}) => name === context.cluster)?.cluster;
  if (!cluster) {
    throw new InvalidRequest(
      `The context "${contextName}" names the cluster "${context.cluster}", which the kubeconfig does not describe.`,
      {reason: 'kubeconfig'},
    );
  }
  const user = config.users.find(({name}) => name === context.user)?.user;
  if (context.user !== undefined && !user) {
    throw new InvalidRequest(
      `The context "${contextName}" names the user "${context.user}", which the kubeconfig does not describe.`,
      {reason: 'kubeconfig'},
    );
  }
  const namespace = choice.namespace ?? context.namespace ?? 'default';
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    throw new InvalidRequest(
      `"${namespace}" cannot be the name of a namespace: lower-case letters, digits and - only.`,
    );
  }
  return {
    contextName,
    clusterName: context.cluster,
    userName: context.user ?? '',
    namespace,
    cluster,
    user: user ?? {},
  };
}
