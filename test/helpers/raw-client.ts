import {connect as connectTcp, type NetConnectOpts, type Socket} from 'node:net';
import {connect as connectTls, type ConnectionOptions} from 'node:tls';

/** A connection that says exactly the bytes it is told, and remembers all it hears. */
export interface RawClient {
  socket: Socket;
  send(text: string | Buffer): void;
  /** closes our half only */
  half(): void;
  heard(): Buffer;
  /** what was heard, as soon as it has this */
  until(text: string): Promise<string>;
  /** what was heard, when the other side has closed its half */
  ended(): Promise<string>;
}

export async function connectRaw(options: NetConnectOpts): Promise<RawClient> {
  const socket = connectTcp({...options, allowHalfOpen: true});
  return client(socket, 'connect');
}

export async function connectRawTls(options: ConnectionOptions): Promise<RawClient> {
  // tls.connect has the option, its types do not
  const socket = connectTls({...options, allowHalfOpen: true} as ConnectionOptions);
  return client(socket, 'secureConnect');
}

async function client(socket: Socket, opened: string): Promise<RawClient> {
  const chunks: Buffer[] = [];
  const heard = (): Buffer => Buffer.concat(chunks);
  let over = false;
  let wake = Promise.withResolvers<void>();
  const stir = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    stir();
  });
  for (const event of ['end', 'close', 'error']) {
    socket.on(event, () => {
      over = true;
      stir();
    });
  }
  await new Promise<void>((resolve, reject) => socket.once(opened, () => resolve()).once('error', reject));
  return {
    socket,
    send: text => socket.write(text),
    half: () => socket.end(),
    heard,
    async until(text) {
      while (!heard().includes(text)) {
        if (over)
          throw new Error(`the connection ended before ${JSON.stringify(text)}: ${heard().toString()}`);
        await wake.promise;
      }
      return heard().toString('latin1');
    },
    async ended() {
      for (;;) {
        if (over) return heard().toString('latin1');
        await wake.promise;
      }
    },
  };
}

/** A request with the headers that every client sends. */
export function requestText(
  line: string,
  {headers = {}, body = ''}: {headers?: Record<string, string>; body?: string} = {},
): string {
  const all = {
    Host: 'docker',
    ...(body === ''
      ? {}
      : {'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body))}),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

export const upgradeHeaders = {Connection: 'Upgrade', Upgrade: 'tcp'};

/** The status of the answer to a request; empty if the connection is closed without one. */
export async function statusOf(connect: () => Promise<RawClient>, request: string): Promise<string> {
  const raw = await connect();
  raw.send(request);
  const heard = await Promise.race([raw.ended(), raw.until('\r\n\r\n')]);
  raw.socket.destroy();
  return heard.slice(9, 12);
}
