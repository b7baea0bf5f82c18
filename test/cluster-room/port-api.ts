import type {Duplex} from 'node:stream';

import type {WebSocket} from 'ws';

import {pod} from './exec-api.ts';
import {fakeApi, type FakeApi, type FakeApiOptions, reply} from './fake-api.ts';

export const port = 61_061;
const announcement = Buffer.from([0x85, 0xee]);

/** An API server with one Pod, whose port behaves as the test says. */
export async function portApi(
  options: FakeApiOptions,
): Promise<{api: FakeApi; connect(signal?: AbortSignal): Promise<Duplex>}> {
  const api = await fakeApi({
    protocols: ['v4.channel.k8s.io'],
    ...options,
    answer(question, response) {
      if (question.path.endsWith('/portforward')) options.answer?.(question, response);
      else reply(response, 200, pod);
    },
  });
  const {cluster} = await api.connect();
  return {
    api,
    connect: async signal => await cluster.connect('bad-1', {port, ...(signal ? {signal} : {})}),
  };
}

/** What the kubelet sends before anything else. */
export function announce(socket: WebSocket): void {
  sendData(socket, announcement);
  sendError(socket, announcement);
}

export function sendData(socket: WebSocket, bytes: Buffer | string): void {
  socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(bytes)]));
}

export function sendError(socket: WebSocket, text: Buffer | string): void {
  socket.send(Buffer.concat([Buffer.from([1]), Buffer.from(text)]));
}

/** An announced port that says again what it is told. */
export function echo(socket: WebSocket): void {
  announce(socket);
  socket.on('message', (message: Buffer) => socket.send(message));
}
