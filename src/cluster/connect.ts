import {createAdministration} from './administration.ts';
import type {ChannelStream} from './channel-stream.ts';
import type {Cluster, ClusterAdministration} from './cluster.ts';
import {credentialsFor} from './credentials.ts';
import {createDialer} from './dial.ts';
import {loadClusterTarget} from './kubeconfig.ts';
import {createKubernetesCluster} from './kubernetes.ts';
import {defaultOwner} from './owner.ts';
import {type CountedCall, createTransport} from './transport.ts';
import {onWake} from './wake.ts';

export interface ConnectOptions {
  /** Otherwise KUBECONFIG, ~/.kube/config, or the service account of the Pod that we run in. */
  kubeconfig?: string | undefined;
  /** Otherwise the kubeconfig's current context. */
  context?: string | undefined;
  /** Otherwise the context's namespace, or `default`. */
  namespace?: string | undefined;
  /** The value of our owner label; otherwise one is derived from the namespace and the kubeconfig's user. */
  owner?: string | undefined;
  /** One line without secrets. */
  log: (line: string) => void;
  /** Told each call of the API server, each try of it. */
  countCall?: ((call: CountedCall) => void) | undefined;
  env?: NodeJS.ProcessEnv | undefined;
}

export interface Connection {
  cluster: Cluster;
  administration: ClusterAdministration;
  owner: string;
  /** Ends every connection; watches must have been aborted before. */
  close(): Promise<void>;
}

/**
 * Reads the kubeconfig, gets the first credential (that may run the user's plugin) and opens the door to one namespace. It does not call the API server yet.
 * Errors carry a `reason`: kubeconfig, context, plugin-missing, plugin-failed, proxy.
 */
export async function connectCluster(options: ConnectOptions): Promise<Connection> {
  const {log, countCall, env = process.env} = options;
  const target = await loadClusterTarget({...options, env});
  const owner = options.owner ?? defaultOwner(target.namespace, target.userName);
  const dialer = await createDialer(target, env);
  const credentials = await credentialsFor(target, log);
  await credentials.current();

  const transport = createTransport({dialer, credentials, countCall});
  const streams = new Set<ChannelStream>();
  const stopListening = onWake(() => {
    log('the machine slept: connecting to the cluster anew');
    transport.reset();
    for (const stream of streams) stream.probe();
  });
  const cluster = createKubernetesCluster({
    transport,
    owner,
    log,
    namespace: target.namespace,
    opened(stream) {
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
    },
  });

  return {
    cluster,
    administration: createAdministration(transport, target),
    owner,
    async close() {
      stopListening();
      for (const stream of streams) stream.destroy();
      transport.reset();
    },
  };
}
