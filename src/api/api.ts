import {NotFound} from '../errors.ts';
import {empty} from '../http/reply.ts';
import type {Handler} from '../http/request.ts';
import {Router} from '../http/router.ts';
import {containerStreams} from './container-streams.ts';
import {containers} from './containers.ts';
import type {Endpoint} from './endpoint.ts';
import type {Engine} from './engine.ts';
import {events} from './events.ts';
import {exec} from './exec.ts';
import {images} from './images.ts';
import {networks} from './networks.ts';
import {system} from './system.ts';
import {unsupported} from './unsupported.ts';
import {apiVersion, engineVersion, minorOf, splitVersion} from './version.ts';

/** Every operation that does something. */
export const endpoints: readonly Endpoint[] = [
  ...system,
  ...containers,
  ...containerStreams,
  ...exec,
  ...images,
  ...networks,
  ...events,
];

/** On every reply, errors included. */
export const commonHeaders = {
  'Api-Version': apiVersion,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `Docker/${engineVersion} (linux)`,
} as const;

/** The Docker Engine API over an engine: what the HTTP server calls for each request. */
export function dockerApi(engine: Engine): Handler {
  const router = new Router(
    [...endpoints, ...unsupported].map(target => ({method: target.method, path: target.path, target})),
  );
  return async request => {
    if (request.method === 'OPTIONS') return empty(200);
    const {path, version} = splitVersion(request.path);
    const route = router.find(request.method, path);
    if (!route) throw new NotFound('page not found');
    const minor = minorOf(version);
    if (typeof minor !== 'number') return minor;
    return route.target.serve({request, params: route.params, minor}, engine);
  };
}
