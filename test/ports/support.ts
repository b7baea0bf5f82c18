import {once} from 'node:events';
import net, {type AddressInfo} from 'node:net';

import {onTestFinished} from 'vitest';

import {type DialPort, type PortRequest, type Publication, publishPorts} from '../../src/ports/forwarder.ts';

/** A server inside the "container". @returns its port */
export async function serve(
  accept: (socket: net.Socket) => void,
  options: net.ServerOpts = {},
): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({allowHalfOpen: true, ...options}, socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    accept(socket);
  });
  await listening(server, '127.0.0.1', 0);
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return portOf(server);
}

/** Dials this machine as the agent dials its container: usable at once, each direction ends apart. */
export const dialHere: DialPort = port => {
  const socket = net.connect({host: '127.0.0.1', port, allowHalfOpen: true});
  const connected = once(socket, 'connect');
  connected.catch(() => {});
  return Object.assign(socket, {connected});
};

export async function publish(
  requests: PortRequest[],
  dial: DialPort = dialHere,
  allowNonLoopback = false,
): Promise<Publication> {
  const publication = await publishPorts(requests, dial, {allowNonLoopback});
  onTestFinished(() => publication.close());
  return publication;
}

/** One port of the container, published on any free one. @returns the laptop's port */
export async function publishOne(containerPort: number, dial?: DialPort): Promise<number> {
  const {ports} = await publish([{containerPort: `${containerPort}/tcp`, hostIp: '', hostPorts: [0]}], dial);
  return ports[0]?.hostPort ?? 0;
}

/** A connection of a client that ends its own half when it likes. */
export async function connect(port: number, host = '127.0.0.1'): Promise<net.Socket> {
  const socket = net.connect({host, port, allowHalfOpen: true});
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** How a connection to a port fails, be it at once or later. */
export async function failureOf(port: number): Promise<unknown> {
  const socket = net.connect(port, '127.0.0.1');
  const failed = Promise.withResolvers<unknown>();
  socket.once('error', failed.resolve);
  socket.once('end', () => failed.reject(new Error('it ended without an error')));
  socket.resume();
  return await failed.promise;
}

/** Somebody else has a port. @returns what gives it free */
export async function take(port: number, host: string): Promise<{port: number; free(): Promise<void>}> {
  const server = net.createServer();
  await listening(server, host, port);
  const free = () => new Promise<void>(resolve => void server.close(() => resolve()));
  onTestFinished(free);
  return {port: portOf(server), free};
}

export async function isFree(port: number, host: string): Promise<boolean> {
  const server = net.createServer();
  try {
    await listening(server, host, port);
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

async function listening(server: net.Server, host: string, port: number): Promise<void> {
  server.listen({host, port, ipv6Only: true});
  await once(server, 'listening');
}

function portOf(server: net.Server): number {
  return (server.address() as AddressInfo).port;
}
