import net from 'node:net';

import {DaemonError, Forbidden} from '../errors.ts';

/** Somebody listens there already. The words are Docker's: clients look for "port is already allocated". */
export class PortTaken extends DaemonError {
  constructor(hostIp: string, port: number, cause: unknown) {
    super(`Bind for ${hostIp || '0.0.0.0'}:${port} failed: port is already allocated`, {cause});
  }
}

const LOOPBACK = ['127.0.0.1', '::1'];

export interface ListenOptions {
  accept(socket: net.Socket): void;
  /** by the user's setting */
  allowNonLoopback: boolean;
}

/**
 * Listens on an address of the laptop's loopback; on both of them, with the same port, when none is given. Port 0 takes any that is free on both.
 * @throws PortTaken, Forbidden for an address beyond loopback
 */
export async function listenOnLaptop(
  hostIp: string,
  port: number,
  {accept, allowNonLoopback}: ListenOptions,
): Promise<net.Server[]> {
  if (hostIp !== '' && !allowNonLoopback && !isLoopback(hostIp)) {
    throw new Forbidden(
      `badidea does not publish a port on ${hostIp}: it listens on 127.0.0.1 and ::1 only.\nwhy: every host of the network could reach the container\nfix: leave the address out (-p ${port}:…), use 127.0.0.1, or set forward.allowNonLoopback in config.json`,
    );
  }
  if (hostIp !== '') return [await listenOn(hostIp, port, accept)];
  return port === 0 ? listenOnAnyFree(accept) : listenOnBoth(port, accept);
}

function isLoopback(address: string): boolean {
  return address === '::1' || (net.isIPv4(address) && address.startsWith('127.'));
}

async function listenOnBoth(port: number, accept: (socket: net.Socket) => void): Promise<net.Server[]> {
  const servers: net.Server[] = [];
  try {
    for (const address of LOOPBACK) {
      const server = await listenOn(address, port, accept).catch(unlessNoIPv6(address));
      if (server) servers.push(server);
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error instanceof PortTaken ? new PortTaken('', port, error) : error;
  }
  return servers;
}

/** The port that IPv4 gives may be taken on IPv6: then another. */
async function listenOnAnyFree(accept: (socket: net.Socket) => void): Promise<net.Server[]> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const first = await listenOn('127.0.0.1', 0, accept);
    const address = first.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const second = await listenOn('::1', port, accept).catch(unlessNoIPv6('::1'));
      return second ? [first, second] : [first];
    } catch (error) {
      first.close();
      if (!(error instanceof PortTaken)) throw error;
    }
  }
  throw new DaemonError('no port was found that is free on 127.0.0.1 and on ::1');
}

function unlessNoIPv6(address: string): (error: Error & {code?: string}) => undefined {
  return error => {
    if (address === '::1' && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'))
      return undefined;
    throw error;
  };
}

function listenOn(host: string, port: number, accept: (socket: net.Socket) => void): Promise<net.Server> {
  // With half-open sockets a client may end its half and still read: `nc`, and every request-then-shutdown protocol.
  const server = net.createServer({allowHalfOpen: true}, accept);
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({host, port, ipv6Only: true}, () => {
      server.removeAllListeners('error');
      // After listening, an error is one connection's (out of file descriptors): the listener lives on.
      server.on('error', () => {});
      resolve(server);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') return new PortTaken(host, port, error);
  if (error.code === 'EACCES') {
    return new Forbidden(
      `Bind for ${host}:${port} failed: permission denied.\nwhy: ports below 1024 need more rights than badidea has\nfix: publish another host port, for example -p ${port + 8000}:…`,
      {cause: error},
    );
  }
  return error;
}
