import {NotFound, NotSupported} from '../errors.ts';
import {json, type Reply} from '../http/reply.ts';
import type {Call, Endpoint, Method} from './endpoint.ts';
import {refusals} from './refusals.ts';

const notManager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/** Every operation of API 1.51 that is not served, and what is said to who asks for it. */
export const unsupported: readonly Endpoint[] = [
  ...refusals.map(([method, path, what, instead]) =>
    answer(method, path, () => {
      throw new NotSupported(`badidea does not have ${what}\nfix: ${instead}`);
    }),
  ),

  // an engine without volumes and plugins says the same; `docker inspect NAME` asks all of these in turn
  answer('GET', '/volumes', () => json(200, {Volumes: [], Warnings: null})),
  answer('GET', '/volumes/{name}', ({params}) => {
    throw new NotFound(`get ${params['name']}: no such volume`);
  }),
  answer('PUT', '/volumes/{name}', () =>
    unavailable('volume update only valid for cluster volumes, but swarm is unavailable'),
  ),
  answer('GET', '/plugins', () => json(200, [])),
  answer('GET', '/plugins/{name}/json', ({params}) => {
    throw new NotFound(`plugin "${params['name']}" not found`);
  }),

  // an engine that is in no swarm
  answer('POST', '/swarm/leave', () => unavailable('This node is not part of a swarm')),
  ...swarmOperations().map(([method, path]) => answer(method, path, () => unavailable(notManager))),

  // buildx asks for an upgrade to h2c here
  answer('POST', '/session', call => tunnel(call, 400)),
  answer('POST', '/grpc', call => tunnel(call, 500)),
];

function answer(method: Method, path: string, serve: (call: Call) => Reply): Endpoint {
  return {method, path, serve};
}

/** Swarm's own way to say that there is no swarm; not a failure, so not for the log. */
function unavailable(message: string): Reply {
  return json(503, {message});
}

function tunnel({request}: Call, withoutUpgrade: number): Reply {
  if (request.headers.upgrade === undefined)
    return json(withoutUpgrade, {message: 'no upgrade proto in request'});
  throw new NotSupported(
    'badidea does not build images (docker build, docker buildx)\nfix: build with another builder, for example "docker buildx create --driver kubernetes --use", and push to a registry that the cluster can reach',
  );
}

function swarmOperations(): [Method, string][] {
  return [
    ['GET', '/swarm'],
    ['GET', '/swarm/unlockkey'],
    ['POST', '/swarm/init'],
    ['POST', '/swarm/join'],
    ['POST', '/swarm/update'],
    ['POST', '/swarm/unlock'],
    ['GET', '/nodes'],
    ['GET', '/nodes/{id}'],
    ['DELETE', '/nodes/{id}'],
    ['POST', '/nodes/{id}/update'],
    ['GET', '/services/{id}/logs'],
    ['GET', '/tasks'],
    ['GET', '/tasks/{id}/logs'],
    ['GET', '/tasks/{id}'],
    ...(['services', 'secrets', 'configs'] as const).flatMap((kind): [Method, string][] => [
      ['GET', `/${kind}`],
      ['POST', `/${kind}/create`],
      ['GET', `/${kind}/{id}`],
      ['DELETE', `/${kind}/{id}`],
      ['POST', `/${kind}/{id}/update`],
    ]),
  ];
}
