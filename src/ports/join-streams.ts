import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';

/**
 * Carries bytes both ways between a local connection and a stream into the container. Each direction ends on its own (half-close); a reset on one
 * side is a reset on the other.
 */
export function joinStreams(socket: Socket, remote: Duplex): void {
  socket.pipe(remote);
  remote.pipe(socket);
  remote.on('error', () => socket.resetAndDestroy());
  remote.on('close', () => {
    if (!remote.readableEnded) socket.resetAndDestroy();
  });
  socket.on('error', error => remote.destroy(error));
  socket.on('close', () => {
    if (!remote.readableEnded || !remote.writableFinished) remote.destroy();
  });
}
