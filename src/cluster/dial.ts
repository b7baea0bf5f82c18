import {connect as connectTcp, isIP, type Socket} from 'node:net';
import {type ConnectionOptions, connect as connectTls, type TLSSocket} from 'node:tls';

import {type Credential, pem} from './credential.ts';
import type {ClusterTarget} from './kubeconfig.ts';
import {bareHost, proxyFor} from './proxy.ts';
import {httpConnect, ProxyRefusal, socksConnect} from './through-proxy.ts';

/** Opens connections to the API server, the same way for calls, watches and streams: proxy, TLS, the user's certificate, keep-alive. */
export interface Dialer {
  readonly server: URL;
  readonly proxy: URL | undefined;
  /** A connected socket, past its TLS handshake. `protocols` are offered by ALPN, the best first. */
  dial(credential: Credential, protocols: string[]): Promise<Socket>;
}

const timeoutMs = 15_000;
/** Below the idle limits of every load balancer (the shortest known are 60 s). */
const keepAliveMs = 15_000;

/** Reads the cluster's CA, and settles what is the same for all connections. */
export async function createDialer({cluster}: ClusterTarget, env: NodeJS.ProcessEnv): Promise<Dialer> {
  const server = new URL(cluster.server);
  const proxy = proxyFor(server, cluster['proxy-url'], env);
  const ca = await pem(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const servername = cluster['tls-server-name'] ?? bareHost(server);
  const options: ConnectionOptions = {
    ...(ca ? {ca} : {}),
    rejectUnauthorized: cluster['insecure-skip-tls-verify'] !== true,
    // An address is no server name (RFC 6066), but it is what the certificate is checked against.
    ...(isIP(servername) === 0 ? {servername} : {host: servername}),
  };
  // A resumed session is also the identity of its client certificate.
  let session: {ticket: Buffer; credential: Credential} | undefined;

  async function dial(credential: Credential, protocols: string[]): Promise<Socket> {
    const port = portOf(server);
    const socket = proxy
      ? await dialThrough(proxy, bareHost(server), port)
      : await dialTcp(bareHost(server), port);
    if (server.protocol === 'http:') return socket;
    const secure = await startTls(socket, {
      ...options,
      ...(credential.cert && credential.key ? {cert: credential.cert, key: credential.key} : {}),
      ...(session?.credential === credential ? {session: session.ticket} : {}),
      ALPNProtocols: protocols,
    });
    secure.on('session', ticket => (session = {ticket, credential}));
    return secure;
  }

  return {server, proxy, dial};
}

async function dialThrough(proxy: URL, host: string, port: number): Promise<Socket> {
  let socket: Socket | undefined;
  try {
    const tcp = await dialTcp(bareHost(proxy), portOf(proxy));
    socket = tcp;
    if (proxy.protocol === 'https:') {
      socket = await startTls(tcp, {servername: bareHost(proxy), ALPNProtocols: ['http/1.1']});
    }
    const timer = setTimeout(
      () => tcp.destroy(new ProxyRefusal('the proxy did not answer in time')),
      timeoutMs,
    );
    try {
      await (proxy.protocol.startsWith('socks') ? socksConnect : httpConnect)(socket, proxy, host, port);
    } finally {
      clearTimeout(timer);
    }
    return socket;
  } catch (error) {
    socket?.destroy();
    if (error instanceof ProxyRefusal) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new ProxyRefusal(`the proxy ${proxy.host} cannot be used: ${text}`, {cause: error});
  }
}

function dialTcp(host: string, port: number): Promise<Socket> {
  const socket = connectTcp({host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs});
  return ready(socket, 'connect');
}

function startTls(socket: Socket, options: ConnectionOptions): Promise<TLSSocket> {
  return ready(connectTls({...options, socket}), 'secureConnect');
}

function ready<T extends Socket>(socket: T, event: 'connect' | 'secureConnect'): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error(`no answer within ${timeoutMs / 1000} s`), {code: 'ETIMEDOUT'}));
    }, timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const onClose = () => fail(Object.assign(new Error('the connection was closed'), {code: 'ECONNRESET'}));
    // Whoever takes the socket listens too; until then an error must not end the process.
    socket.on('error', () => {});
    socket.once('error', fail).once('close', onClose);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', fail).off('close', onClose);
      resolve(socket);
    });
  });
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : url.protocol.startsWith('socks') ? 1080 : 80;
}
