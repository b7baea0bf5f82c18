import {buffer} from 'node:stream/consumers';

import {expect, test} from 'vitest';

import {Forbidden, InvalidRequest, NotFound, NotReady, Unavailable} from '../../src/errors.ts';
import {execApi, pod} from './exec-api.ts';
import {fakeApi, reply, temporaryFile} from './fake-api.ts';

test.for([
  [400, 'pod bad-1 does not have a host assigned', NotReady],
  [500, 'container not found ("main")', NotReady],
  [404, 'pod does not exist', NotReady],
  [500, 'failed to exec in container: container is in CONTAINER_CREATED state', NotReady],
  [400, 'container wrong is not valid for pod bad-1', InvalidRequest],
  [404, 'pods "bad-1" not found', NotFound],
  [403, 'pods "bad-1" is forbidden: User "x" cannot create resource "pods/exec"', Forbidden],
  [500, 'error dialing backend: dial tcp 10.0.0.1:10250: i/o timeout', Unavailable],
] as const)('a refusal with %i and "%s" is read and understood', async ([status, message, kind]) => {
  const {exec} = await execApi({
    answer: (_question, response) => reply(response, status, {kind: 'Status', message}),
  });

  const failure = await exec().catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(kind);
  expect(failure).toMatchObject({message});
});

test('the same refusal after the handshake, as older servers give it, ends the stream with the same error', async () => {
  const status = {
    status: 'Failure',
    code: 500,
    message: 'Internal error occurred: container not found ("main")',
  };
  const {exec} = await execApi({
    exec: socket => socket.send(Buffer.from(`\u0003${JSON.stringify(status)}`), () => socket.close()),
  });

  const stream = await exec();

  await expect(buffer(stream)).rejects.toThrow(NotReady);
});

test('a handshake that is refused with 401 is tried once more with a new credential', async () => {
  const counter = temporaryFile('count', '');
  const apiVersion = 'client.authentication.k8s.io/v1';
  const credential = `{"kind":"ExecCredential","apiVersion":"${apiVersion}","status":{"token":"'$(wc -c < ${counter})'"}}`;
  const plugin = {apiVersion, command: 'sh', args: ['-c', `printf x >> ${counter}; echo '${credential}'`]};
  const api = await fakeApi({
    answer: ({path}, response) =>
      path.endsWith('/exec') ? reply(response, 401, {message: 'Unauthorized'}) : reply(response, 200, pod),
  });
  const {cluster} = await api.connect({user: {exec: plugin}});
  await cluster.createPod({metadata: {name: 'bad-1'}});

  const failure = await cluster
    .exec('bad-1', {container: 'main', command: ['true']})
    .catch((error: unknown) => error);

  const tries = api.questions
    .filter(({path}) => path.endsWith('/exec'))
    .map(({headers}) => headers.authorization);
  expect(failure).toMatchObject({name: 'Forbidden', reason: 'unauthorised'});
  expect(tries).toEqual(['Bearer 1', 'Bearer 2']);
});
