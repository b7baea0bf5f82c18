import {InvalidRequest} from '../errors.ts';
import {explained} from './explained.ts';

/** Per registry, by the name that image references use (`docker.io`, `registry.example.com:5000`). A setting of the user. */
export type RegistrySettings = Readonly<Record<string, {mirror?: string; insecure?: boolean}>>;

/** Where a registry's API answers. */
export interface RegistryEndpoint {
  /** `https://registry-1.docker.io` */
  origin: string;
  /** what stands before the repository's own path: `` or `proxy/dockerhub/` */
  pathPrefix: string;
  /** Plain http is allowed: the loopback, or a registry whose settings say so. */
  plain: boolean;
  /** A mirror never sees the credentials of the registry it stands for. */
  isMirror: boolean;
}

const apiHosts: ReadonlyMap<string, string> = new Map([['docker.io', 'registry-1.docker.io']]);

/**
 * The API of the registry of that domain. A mirror from the settings takes its place altogether: nothing falls back to the registry itself, as the
 * nodes of the cluster pull on their own and have mirrors of their own.
 */
export function registryEndpoint(domain: string, settings: RegistrySettings): RegistryEndpoint {
  const own = settings[domain] ?? {};
  if (own.mirror !== undefined) {
    return mirrorEndpoint(domain, own.mirror);
  }
  const plain = own.insecure === true || isLoopback(hostname(domain));
  return {
    origin: `${plain ? 'http' : 'https'}://${apiHosts.get(domain) ?? domain}`,
    pathPrefix: '',
    plain,
    isMirror: false,
  };
}

/** 127.0.0.0/8, ::1, localhost. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function mirrorEndpoint(domain: string, mirror: string): RegistryEndpoint {
  const url = URL.parse(mirror);
  if (
    url === null ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw new InvalidRequest(
      explained(`The mirror of ${domain} in badidea's settings is not a URL.`, {
        why: 'It has to be http:// or https://, a host, and perhaps a path, without a user or password.',
        fix: `Correct registries["${domain}"].mirror.`,
      }),
    );
  }
  const path = url.pathname.replace(/^\/(?:v2(?:\/|$))?/, '').replace(/\/+$/, '');
  return {
    origin: url.origin,
    pathPrefix: path === '' ? '' : `${path}/`,
    plain: url.protocol === 'http:',
    isMirror: true,
  };
}

function hostname(domain: string): string {
  return domain.replace(/:\d+$/, '');
}
