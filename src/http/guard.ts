import type {IncomingMessage} from 'node:http';

import {Forbidden, InvalidRequest} from '../errors.ts';

/**
 * Refuses what Node lets through and no Docker client sends (threats T-05, T-06, T-09). `hosts`: the names under which a TCP server may be
 * called, in lower case; undefined = a Unix socket, where no browser can reach and any Host is taken.
 */
export function guardRequest(message: IncomingMessage, hosts: ReadonlySet<string> | undefined): void {
  const {headers, url = ''} = message;
  if (!url.startsWith('/') && !(url === '*' && message.method === 'OPTIONS')) {
    throw new InvalidRequest('badidea takes only requests for a path, not for a whole URL');
  }
  if (headerCount(message, 'host') > 1) throw new InvalidRequest('the request has more than one Host header');
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    throw new InvalidRequest(`unsupported Transfer-Encoding "${encoding}": only chunked is understood`);
  }
  if (hosts) guardAgainstBrowsers(message, hosts);
}

/** A web page must not speak to the daemon: neither across origins nor, by DNS rebinding, as one of its own. */
function guardAgainstBrowsers({headers}: IncomingMessage, hosts: ReadonlySet<string>): void {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none')) {
    throw new Forbidden('badidea does not answer web pages');
  }
  const host = headers.host ?? '';
  // buildx sends an empty Host when it asks for an upgrade; a browser cannot
  if (host === '' && headers.upgrade !== undefined) return;
  if (!hosts.has(hostname(host))) {
    throw new Forbidden(
      `badidea does not answer to the host name "${host}"\nwhy: it is not one of ${[...hosts].join(', ')}\nfix: use one of these, or add the name with --tls-san`,
    );
  }
}

function hostname(host: string): string {
  return host.toLowerCase().replace(/:\d{1,5}$/, '');
}

function headerCount(message: IncomingMessage, name: string): number {
  return message.rawHeaders.filter((header, index) => index % 2 === 0 && header.toLowerCase() === name)
    .length;
}
