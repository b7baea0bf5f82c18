import type {IncomingMessage, ServerResponse} from 'node:http';
import type {Duplex} from 'node:stream';

import type {HijackReply, ReplyHeaders} from './reply.ts';
import {writePieces} from './write-pieces.ts';

/** How long the client has to close its half after ours. */
const lingerMilliseconds = 10_000;

/** Speaks a hijack reply on a connection that HTTP has let go of, until its pieces end. */
export async function speakRaw(
  socket: Duplex,
  {reply, upgrade, headers}: {reply: HijackReply; upgrade: boolean; headers: ReplyHeaders},
): Promise<void> {
  socket.write(headOf(reply, upgrade, headers));
  feed(socket, reply);
  await writePieces(socket, reply.pieces);
}

/** Takes a connection from Node's HTTP server, after the request's body has been read. The bytes that follow are no longer parsed. */
export function takeSocket(message: IncomingMessage, response: ServerResponse): Duplex {
  const {socket} = message;
  response.detachSocket(socket);
  // 'close' stays: by it the server frees its parser
  for (const event of ['data', 'end', 'drain', 'error', 'timeout']) socket.removeAllListeners(event);
  socket.on('error', () => {});
  return socket;
}

/**
 * Closes our half when all that was written has gone out, however slow the reader, and discards what the client still sends: a close with
 * unread input would destroy output that is on its way. Then the client has a while to close its own half.
 */
export function closeGently(socket: Duplex): void {
  if (socket.destroyed) return;
  const heard = new Promise(resolve => {
    if (socket.readableEnded) resolve(undefined);
    else socket.once('end', resolve);
  });
  socket.end(() => {
    const timer = setTimeout(() => socket.destroy(), lingerMilliseconds);
    void heard.then(() => socket.destroy());
    socket.once('close', () => clearTimeout(timer));
  });
  socket.resume();
}

/** The client's bytes flow to the input, at its pace; its half-close ends the input. Input that is no longer wanted is discarded. */
function feed(socket: Duplex, {input}: HijackReply): void {
  if (!input || input.destroyed) {
    socket.resume();
    return;
  }
  const discard = (): void => {
    socket.unpipe(input);
    socket.resume();
  };
  input.on('error', discard).on('close', discard);
  socket.pipe(input);
}

function headOf({headers: own, bare}: HijackReply, upgrade: boolean, common: ReplyHeaders): string {
  const all = {...(bare ? {} : common), ...own, ...(upgrade ? {Connection: 'Upgrade', Upgrade: 'tcp'} : {})};
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${upgrade ? '101 UPGRADED' : '200 OK'}\r\n${lines.join('')}\r\n`;
}
