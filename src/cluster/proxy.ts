import {BlockList, isIP} from 'node:net';

import {InvalidRequest} from '../errors.ts';

/**
 * The proxy on the way to the API server, or undefined: the kubeconfig's `proxy-url`, else HTTPS_PROXY or HTTP_PROXY unless NO_PROXY names the server.
 * The rules are kubectl's (golang.org/x/net/http/httpproxy): this machine is never reached through a proxy, NO_PROXY may hold networks like 10.0.0.0/8.
 */
export function proxyFor(server: URL, proxyUrl: string | undefined, env: NodeJS.ProcessEnv): URL | undefined {
  if (proxyUrl !== undefined) return parseProxy(proxyUrl, 'proxy-url of the kubeconfig');
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = env[name] || env[name.toLowerCase()];
  if (!value || isLocal(server) || isExcluded(server, env['NO_PROXY'] || env['no_proxy'] || ''))
    return undefined;
  return parseProxy(value.includes('://') ? value : `http://${value}`, name);
}

function parseProxy(value: string, source: string): URL {
  if (URL.canParse(value)) {
    const url = new URL(value);
    if (['http:', 'https:', 'socks5:', 'socks5h:'].includes(url.protocol)) return url;
  }
  // The value may hold a password: it is not shown.
  throw new InvalidRequest(`The ${source} is not an http, https or socks5 address.`, {reason: 'proxy'});
}

function isLocal(server: URL): boolean {
  const host = bareHost(server);
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function isExcluded(server: URL, list: string): boolean {
  const host = bareHost(server);
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  return list
    .split(/[\s,]+/)
    .filter(entry => entry !== '')
    .some(entry => matches(entry.toLowerCase(), host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inNetwork(entry, host);
  const [, name = entry, entryPort] =
    /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (entryPort !== undefined && entryPort !== port) return false;
  const bare = name.replace(/^\[(.*)\]$/, '$1').replace(/^\*\./, '.');
  if (isIP(bare) !== 0) return bare === host;
  return bare.startsWith('.') ? host.endsWith(bare) : host === bare || host.endsWith(`.${bare}`);
}

function inNetwork(entry: string, host: string): boolean {
  const [network = '', bits] = entry.split('/');
  const family = isIP(network);
  const length = Number(bits);
  if (family === 0 || isIP(host) !== family || !(length >= 0 && length <= (family === 4 ? 32 : 128)))
    return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(network, length, type);
  return block.check(host, type);
}

/** The host without an IPv6 address's brackets. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}
