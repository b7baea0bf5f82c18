import type {Method} from './endpoint.ts';

type Refusal = readonly [method: Method, path: string, what: string, instead: string];

const runAgain = 'remove the container and run it again with the options that you want';
const copyByExec =
  'pipe a tar archive through exec, for example: docker exec -i NAME tar -xC /DIR < files.tar (the image needs tar)';
const readByExec =
  'pipe a tar archive out of it: docker exec NAME tar -cC /DIR . > files.tar (the image needs tar)';
const buildElsewhere =
  'build with another builder, for example "docker buildx create --driver kubernetes --use", and push to a registry that the cluster can reach';
const registryOnly =
  'images live in registries here: use the tools of your registry, or docker with an engine of its own, for this';
const noVolumes =
  'keep data in the container, or in a service outside of it; docker rm removes what is in the container';
const oneNetwork =
  'all containers are on the network "bridge": leave --network out; containers reach each other by Pod address';
const noPlugins =
  'there is nothing to install: containers are Pods, and the cluster provides storage and network';

/** What Docker has and badidea does not: the thing, in docker's words, and what to do instead. */
export const refusals: readonly Refusal[] = [
  ['POST', '/containers/{id}/restart', 'docker restart yet', 'docker stop NAME && docker start NAME'],
  [
    'POST',
    '/containers/{id}/rename',
    'docker rename yet',
    'remove the container and run it again with --name',
  ],
  [
    'POST',
    '/containers/{id}/pause',
    'docker pause yet',
    'docker kill --signal STOP NAME stops its main process',
  ],
  [
    'POST',
    '/containers/{id}/unpause',
    'docker unpause yet',
    'docker kill --signal CONT NAME continues its main process',
  ],
  ['POST', '/containers/{id}/update', 'docker update yet', runAgain],
  ['GET', '/containers/{id}/top', 'docker top yet', 'docker exec NAME ps (the image needs ps)'],
  [
    'GET',
    '/containers/{id}/stats',
    'docker stats yet',
    'kubectl top pod, where the cluster has a metrics server',
  ],
  ['GET', '/containers/{id}/changes', 'docker diff yet', 'look with docker exec NAME ls or find'],
  ['GET', '/containers/{id}/export', 'docker export yet', readByExec],
  ['HEAD', '/containers/{id}/archive', 'docker cp yet', readByExec],
  ['GET', '/containers/{id}/archive', 'docker cp yet', readByExec],
  ['PUT', '/containers/{id}/archive', 'docker cp yet', copyByExec],
  [
    'GET',
    '/containers/{id}/attach/ws',
    'attach over a WebSocket',
    'attach as the docker CLI does: POST /containers/NAME/attach with Upgrade: tcp',
  ],
  [
    'GET',
    '/containers/{id}/checkpoints',
    'docker checkpoint',
    'a running process of a Pod cannot be frozen to disk: start it anew',
  ],
  [
    'POST',
    '/containers/{id}/checkpoints',
    'docker checkpoint',
    'a running process of a Pod cannot be frozen to disk: start it anew',
  ],

  ['GET', '/images/search', 'docker search', "search on your registry's web page"],
  ['GET', '/images/get', 'docker save', registryOnly],
  [
    'POST',
    '/images/load',
    'docker load',
    'push the image to a registry that the cluster can reach, then docker pull it',
  ],
  [
    'POST',
    '/images/prune',
    'docker image prune',
    'images are kept by the cluster, which removes what is unused by itself',
  ],
  ['GET', '/images/{name}/history', 'docker history yet', registryOnly],
  ['POST', '/images/{name}/push', 'docker push', registryOnly],
  ['POST', '/images/{name}/tag', 'docker tag yet', 'name the image as it is called in its registry'],
  ['GET', '/images/{name}/get', 'docker save', registryOnly],
  [
    'DELETE',
    '/images/{name}',
    'docker rmi yet',
    'images are kept by the cluster, which removes what is unused by itself',
  ],
  ['POST', '/build', 'docker build', buildElsewhere],
  ['POST', '/build/cancel', 'docker build', buildElsewhere],
  [
    'POST',
    '/build/prune',
    'a build cache to prune',
    'nothing: badidea keeps none. Of "docker system prune", all other parts can be run one by one',
  ],
  [
    'POST',
    '/commit',
    'docker commit',
    'write a Dockerfile, build it elsewhere and push it to a registry that the cluster can reach',
  ],

  [
    'POST',
    '/auth',
    'a check of registry logins (docker login)',
    'write the login with another engine, or with a credential helper: docker sends it along with each pull',
  ],
  [
    'GET',
    '/distribution/{name}/json',
    'the manifests of a registry',
    'docker manifest inspect and docker buildx imagetools inspect ask the registry themselves',
  ],
  ['GET', '/system/df', 'docker system df yet', 'kubectl describe node shows what the nodes have left'],

  ['POST', '/volumes/create', 'volumes yet (docker volume create, -v NAME:/dir)', noVolumes],
  ['POST', '/volumes/prune', 'volumes yet', 'nothing: there is no volume to prune'],
  ['DELETE', '/volumes/{name}', 'volumes yet (docker volume rm)', 'nothing: there is no volume to remove'],

  ['POST', '/networks/create', 'networks of your own yet (docker network create)', oneNetwork],
  ['POST', '/networks/prune', 'networks of your own yet', 'nothing: there is no network to prune'],
  [
    'DELETE',
    '/networks/{id}',
    'networks of your own yet (docker network rm)',
    'nothing: bridge, host and none are part of Docker and stay',
  ],
  ['POST', '/networks/{id}/connect', 'docker network connect yet', oneNetwork],
  ['POST', '/networks/{id}/disconnect', 'docker network disconnect yet', oneNetwork],

  ['GET', '/plugins/privileges', 'plugins', noPlugins],
  ['POST', '/plugins/pull', 'plugins', noPlugins],
  ['POST', '/plugins/create', 'plugins', noPlugins],
  ['POST', '/plugins/{name}/enable', 'plugins', noPlugins],
  ['POST', '/plugins/{name}/disable', 'plugins', noPlugins],
  ['POST', '/plugins/{name}/upgrade', 'plugins', noPlugins],
  ['POST', '/plugins/{name}/push', 'plugins', noPlugins],
  ['POST', '/plugins/{name}/set', 'plugins', noPlugins],
  ['DELETE', '/plugins/{name}', 'plugins', noPlugins],
];
