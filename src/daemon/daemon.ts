import {readFile, rm} from 'node:fs/promises';

import {EnvHttpProxyAgent} from 'undici';

import {commonHeaders, dockerApi} from '../api/api.ts';
import type {Cluster} from '../cluster/cluster.ts';
import {type Connection, connectCluster} from '../cluster/connect.ts';
import {type RunningEngine, startEngine} from '../engine/engine.ts';
import {EventLog} from '../engine/event-log.ts';
import {type HttpServerOptions, listenOnTls, listenOnUnixSocket} from '../http/server.ts';
import {imagesSecretName} from '../images/image-index.ts';
import type {ImageRecord} from '../images/image-record.ts';
import {type ImageRoom, createImages} from '../images/images.ts';
import {publishPorts} from '../ports/forwarder.ts';
import type {ContainerImage} from '../translate/container-record.ts';
import {ARCHITECTURES, type Architecture, agentConfigMap, architectureOf} from './agent-binaries.ts';
import {createClock} from './clock.ts';
import {prepareCluster} from './prepare-cluster.ts';
import type {DaemonSettings, Log, RunningDaemon, StartDaemon} from './types.ts';

/** The composition root: settings → cluster, images, engine, API, listeners. What it opens it closes, in the reverse order. */
export const startDaemon: StartDaemon = async (settings, log, startup) => {
  const connection = await connectCluster({
    context: settings.kubeContext,
    namespace: settings.namespace,
    log: line => log.info(line),
  });
  const {administration, cluster, owner} = connection;
  const server = await prepareCluster(administration, startup);
  const agents = await startup.step('Install the agent', () => installAgents(cluster, owner));
  const parts: Parts = {
    settings,
    log,
    connection,
    agents,
    architecture: architectureOf(server.architecture),
    version: server.version,
    relistsOnDemand: server.relistsOnDemand,
    now: createClock(),
  };
  const engine = await startup.step('Read the namespace', () => makeEngine(parts));
  const servers = await startup.step('Listen', () => listen(settings, engine, log));

  const {contextName, namespace, userName} = administration;
  return {
    status: () => ({
      cluster: {
        contextName,
        server: administration.server,
        userName,
        namespace,
        version: server.version,
        ...engine.watch(),
      },
      ...engine.counts(),
    }),
    async removeAll() {
      const outcome = await engine.removeAll();
      await cluster.deleteSecret(imagesSecretName(owner));
      await cluster.deleteConfigMaps();
      return outcome;
    },
    async stop() {
      await Promise.all(servers.map(listener => listener.close()));
      await engine.stop();
      await connection.close();
    },
  } satisfies RunningDaemon;
};

interface Parts {
  settings: DaemonSettings;
  log: Log;
  connection: Connection;
  agents: ReadonlyMap<string, string>;
  architecture: Architecture;
  version: string;
  relistsOnDemand: boolean;
  /** nanoseconds since 1970 */
  now: () => bigint;
}

/** One ConfigMap for each architecture; a node takes the one that its Pods name. */
async function installAgents(cluster: Cluster, owner: string): Promise<ReadonlyMap<string, string>> {
  const installed = ARCHITECTURES.map(async architecture => {
    const configMap = await agentConfigMap(architecture, owner);
    await cluster.ensureConfigMap(configMap);
    return [architecture, configMap.metadata.name] as const;
  });
  return new Map(await Promise.all(installed));
}

async function makeEngine(parts: Parts): Promise<RunningEngine> {
  const {agents, connection, log, settings} = parts;
  const {administration, cluster, owner} = connection;
  const events = new EventLog();
  const images = makeImages(parts, events);
  const engine = await startEngine({
    cluster,
    images,
    warm: settings.warm,
    system: {
      version: await packageVersion(),
      architecture: parts.architecture,
      kubernetesVersion: () => parts.version,
      namespace: administration.namespace,
      contextName: administration.contextName,
      server: administration.server,
      daemonId: owner,
      startedAt: new Date(),
    },
    context: {
      cluster,
      events,
      relistsOnDemand: parts.relistsOnDemand,
      policy: settings.forward,
      podSettings: {
        owner,
        requests: settings.podRequests,
        agentConfigMap: architecture => agents.get(architecture) ?? '',
      },
      resolveImage: reference => containerImage(images.resolve(reference)),
      publishPorts: (requests, dial) => publishPorts(requests, dial, settings.forward),
      now: parts.now,
      log: (message, detail) => log.warn(message, detail),
    },
  });
  // The pull waits until a node has the image: its errors are real, and the next run finds a Pod that holds.
  images.onPulled(({image, signal}) => engine.imagePulled(containerImage(image), signal));
  return engine;
}

function makeImages({architecture, connection, now, settings}: Parts, events: EventLog): ImageRoom {
  return createImages({
    cluster: connection.cluster,
    owner: connection.owner,
    dispatcher: new EnvHttpProxyAgent({allowH2: false}),
    registries: settings.registries,
    architecture: () => architecture,
    now: () => new Date(),
    emit: ({action, attributes, id}) =>
      events.emit({
        Type: 'image',
        Action: action,
        Actor: {ID: id, Attributes: attributes},
        nanoseconds: now(),
      }),
  });
}

async function listen(settings: DaemonSettings, engine: RunningEngine, log: Log) {
  const options: HttpServerOptions = {
    handler: dockerApi(engine),
    headers: commonHeaders,
    onFailure: failed => log.error('a request failed', {...failed}),
  };
  // The control socket is the lock and it is ours: whoever made this one is dead.
  await rm(settings.dockerSocket, {force: true});
  const servers = [await listenOnUnixSocket(settings.dockerSocket, options)];
  if (settings.tcp) {
    const {caFile, certificateFile, host, keyFile, port} = settings.tcp;
    const [ca, cert, key] = await Promise.all(
      [caFile, certificateFile, keyFile].map(file => readFile(file, 'utf8')),
    );
    const material = {ca: ca ?? '', cert: cert ?? '', key: key ?? ''};
    servers.push(
      await listenOnTls(
        {host, port, material},
        {...options, onRefused: why => log.warn('a TLS client was turned away', {why})},
      ),
    );
  }
  return servers;
}

/** What a container keeps of its image. */
function containerImage({architecture, config, id, pullReference}: ImageRecord): ContainerImage {
  const {Cmd, Entrypoint, Env, ExposedPorts, Labels, StopSignal, User, Volumes, WorkingDir} = config;
  return {
    id,
    pullReference,
    architecture,
    config: {Cmd, Entrypoint, Env, ExposedPorts, Labels, StopSignal, User, Volumes, WorkingDir},
  };
}

async function packageVersion(): Promise<string> {
  const description: unknown = JSON.parse(
    await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return typeof description === 'object' && description !== null && 'version' in description
    ? String(description.version)
    : '';
}
