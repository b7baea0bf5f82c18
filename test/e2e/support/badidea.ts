import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

import type {TestCluster} from '../../cluster/test-cluster.ts';
import {type Outcome, run, type RunOptions} from './run.ts';

const CLI = fileURLToPath(new URL('../../../bin/badidea.js', import.meta.url));

/** One installation of badidea: a home of its own, so that nothing of the machine's user is read or written, and a namespace of its own. */
export interface Installation {
  readonly home: string;
  readonly namespace: string;
  readonly env: NodeJS.ProcessEnv;
  /** the Docker API's Unix socket, once it is up */
  readonly socket: string;
  /** `badidea …`; never fails by itself */
  badidea(args: string[], options?: RunOptions): Promise<Outcome>;
  /** `badidea up` with this installation's cluster and namespace; throws with what it printed */
  up(...args: string[]): Promise<Outcome>;
  /** `docker --context badidea …` */
  docker(args: string[], options?: RunOptions): Promise<Outcome>;
  /** Stops the daemon, deletes the namespace and the home. */
  remove(): Promise<void>;
}

export interface InstallOptions {
  /** written to config.json */
  settings?: Record<string, unknown>;
  kubeconfig?: string;
}

/** Makes an installation against a cluster; the daemon does not run yet. */
export async function install(
  cluster: TestCluster,
  namespace: string,
  options: InstallOptions = {},
): Promise<Installation> {
  const home = await mkdtemp(path.join(tmpdir(), 'bad-'));
  const env = environment(home);
  const config = path.join(home, 'config', 'badidea');
  await mkdir(config, {recursive: true, mode: 0o700});
  await mkdir(path.join(home, 'run'), {mode: 0o700});
  await writeFile(path.join(config, 'config.json'), JSON.stringify(settingsFor(cluster, options)), {
    mode: 0o600,
  });
  await cluster.grant(namespace);
  const kubeconfig = options.kubeconfig ?? cluster.kubeconfigBadidea;
  const badidea = (args: string[], more: RunOptions = {}) =>
    run(process.execPath, [CLI, ...args], {env, timeout: 120_000, ...more});
  return {
    home,
    namespace,
    env,
    socket: path.join(home, 'run', 'badidea', 'default', 'docker.sock'),
    badidea,
    async up(...args) {
      const outcome = await badidea([
        'up',
        '--kubeconfig',
        kubeconfig,
        '--namespace',
        namespace,
        '-y',
        ...args,
      ]);
      if (outcome.code !== 0)
        throw new Error(`badidea up failed (${outcome.code})\n${outcome.stdout}${outcome.stderr}`);
      return outcome;
    },
    docker: (args, more = {}) => run('docker', ['--context', 'badidea', ...args], {env, ...more}),
    async remove() {
      try {
        await badidea(['down']);
        // Its deletion goes on by itself; nobody uses the name again.
        await cluster.remove(namespace, {wait: false});
      } finally {
        await rm(home, {recursive: true, force: true});
      }
    },
  };
}

function environment(home: string): NodeJS.ProcessEnv {
  const {DOCKER_HOST: _host, DOCKER_CONTEXT: _context, KUBECONFIG: _kubeconfig, ...inherited} = process.env;
  return {
    ...inherited,
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_DATA_HOME: path.join(home, 'data'),
    XDG_STATE_HOME: path.join(home, 'state'),
    XDG_RUNTIME_DIR: path.join(home, 'run'),
    DOCKER_CONFIG: path.join(home, 'docker'),
  };
}

/** Plain names come from the built cluster's registry; on another cluster from Docker Hub. */
function settingsFor(cluster: TestCluster, {settings = {}}: InstallOptions): Record<string, unknown> {
  return {
    ...(cluster.registry === undefined ? {} : {registries: {'docker.io': {mirror: cluster.registry}}}),
    ...settings,
  };
}
