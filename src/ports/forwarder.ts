import type net from 'node:net';
import type {Duplex} from 'node:stream';

import {DaemonError} from '../errors.ts';
import {joinStreams} from './join-streams.ts';
import {type ListenOptions, PortTaken, listenOnLaptop} from './listen.ts';

/** One `-p`: a port of the container and where the laptop shall listen for it. */
export interface PortRequest {
  /** `80/tcp` */
  containerPort: string;
  /** empty = both loopback addresses */
  hostIp: string;
  /** the ports to try, in order; [0] = any free one */
  hostPorts: number[];
}

export interface PublishedPort {
  containerPort: string;
  hostIp: string;
  hostPort: number;
}

/** Opens a connection to a port inside the container. Bytes may be written at once; `connected` rejects when it is refused there. */
export type DialPort = (port: number) => Duplex & {connected: Promise<unknown>};

export interface Publication {
  readonly ports: PublishedPort[];
  /** Stops listening; connections that are open go on until either end closes them. */
  close(): void;
}

/** While the tunnel to a container is rebuilt a new connection waits this long, then it is reset. */
const DIAL_TIMEOUT = 5000;

/**
 * Listens for every requested port, or for none: a port that is taken leaves nothing half-bound. A listener stays as long as its container runs.
 * @throws DaemonError in Docker's words for a conflict
 */
export async function publishPorts(
  requests: PortRequest[],
  dial: DialPort,
  {allowNonLoopback}: {allowNonLoopback: boolean},
): Promise<Publication> {
  const servers: net.Server[] = [];
  const ports: PublishedPort[] = [];
  try {
    for (const request of requests) {
      const accept = (socket: net.Socket) => void forward(socket, containerPortNumber(request), dial);
      const bound = await listen(request, {accept, allowNonLoopback});
      servers.push(...bound.servers);
      ports.push(...bound.ports);
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return {
    ports,
    close() {
      for (const server of servers) server.close();
    },
  };
}

async function listen(request: PortRequest, options: ListenOptions) {
  for (const port of request.hostPorts) {
    try {
      const servers = await listenOnLaptop(request.hostIp, port, options);
      return {servers, ports: servers.map(server => publishedPort(server, request.containerPort))};
    } catch (error) {
      const isOneOfMany = error instanceof PortTaken && request.hostPorts.length > 1;
      if (!isOneOfMany) throw error;
    }
  }
  throw new DaemonError('all ports are allocated');
}

function publishedPort(server: net.Server, containerPort: string): PublishedPort {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new DaemonError('a listener has no address');
  return {containerPort, hostIp: address.address, hostPort: address.port};
}

function containerPortNumber({containerPort}: PortRequest): number {
  return Number.parseInt(containerPort, 10);
}

async function forward(socket: net.Socket, port: number, dial: DialPort): Promise<void> {
  socket.setNoDelay(true);
  try {
    const remote = dial(port);
    const patience = setTimeout(
      () => remote.destroy(new Error('the container did not answer in time')),
      DIAL_TIMEOUT,
    );
    // The client's first bytes travel with the request to connect: no round trip is spent on waiting for it.
    joinStreams(socket, remote);
    await remote.connected.finally(() => clearTimeout(patience));
  } catch {
    // Refused inside: the client sees a refusal too, and not an empty answer.
    socket.resetAndDestroy();
  }
}
