import type {IncomingMessage} from 'node:http';
import type {Duplex} from 'node:stream';

import {InvalidRequest} from '../errors.ts';

/**
 * The body of a request that asked for an upgrade. Node 26 parses it; Node 24 hands it over unparsed, as the first bytes of the connection
 * (nodejs/node#58394), where they are counted off: what follows is the stream's and stays in the socket.
 */
export async function* upgradeBody(message: IncomingMessage, socket: Duplex): AsyncGenerator<Buffer> {
  if (message.headers['transfer-encoding'] !== undefined) {
    throw new InvalidRequest('a request that asks for an upgrade must give its body a Content-Length');
  }
  let parsed = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    parsed += chunk.length;
    yield chunk;
  }
  if (parsed > 0) return;
  const length = Number(message.headers['content-length'] ?? 0);
  if (length > 0) yield* takeBytes(socket, length);
}

/** Takes exactly `length` bytes off a socket. */
async function* takeBytes(socket: Duplex, length: number): AsyncGenerator<Buffer> {
  let missing = length;
  while (missing > 0) {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed)
        throw new InvalidRequest("the connection ended within the request's body");
      await readable(socket);
      continue;
    }
    if (chunk.length > missing) socket.unshift(chunk.subarray(missing));
    yield chunk.subarray(0, missing);
    missing -= chunk.length;
  }
}

async function readable(socket: Duplex): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>();
  for (const event of ['readable', 'end', 'close']) socket.once(event, resolve);
  await promise;
  for (const event of ['readable', 'end', 'close']) socket.off(event, resolve);
}
