import type {Duplex} from 'node:stream';

import type {WebSocket} from 'ws';

import {fakeApi, type FakeApi, type FakeApiOptions, reply} from './fake-api.ts';

export const pod = {
  metadata: {
    uid: 'one',
    name: 'bad-1',
    labels: {'app.kubernetes.io/managed-by': 'badidea', 'badidea.dev/owner': 'tester'},
  },
};

/** An API server with one Pod, whose exec behaves as the test says. */
export async function execApi(
  options: FakeApiOptions,
): Promise<{api: FakeApi; exec(signal?: AbortSignal): Promise<Duplex>}> {
  const api = await fakeApi({
    ...options,
    answer(question, response) {
      if (question.path.endsWith('/exec')) options.answer?.(question, response);
      else reply(response, 200, pod);
    },
  });
  const {cluster} = await api.connect();
  return {
    api,
    exec: async signal =>
      await cluster.exec('bad-1', {container: 'main', command: ['cat', '-n'], ...(signal ? {signal} : {})}),
  };
}

export function success(socket: WebSocket): void {
  socket.send(Buffer.from('\u0003{"status":"Success"}'));
  socket.close();
}
