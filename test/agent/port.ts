import {createHash, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {type AddressInfo, type Server, type Socket, connect, createServer} from 'node:net';

import {onTestFinished} from 'vitest';

import {TestAgent} from './agent.ts';
import {TYPE, bytes, frame, u64, u8} from './bytes.ts';
import {TestLink} from './link.ts';

export const hello = frame(TYPE.hello, 0, Buffer.concat([u8(1), bytes(Buffer.alloc(16, 7)), u64(0)]));
export const key = randomBytes(32);
export const hash = createHash('sha256').update(key).digest('hex');
export const nothing = Buffer.alloc(0);

export async function listen(): Promise<{port: number; server: Server}> {
  const server = createServer(socket => socket.end('not the agent')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {port: (server.address() as AddressInfo).port, server};
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const {port, server} = await listen();
  server.close();
  await once(server, 'close');
  return port;
}

export async function startWithPort(): Promise<{agent: TestAgent; port: number}> {
  const port = await freePort();
  return {agent: await TestAgent.start({args: withPort(port)}), port};
}

export function withPort(port: number): string[] {
  return ['--port', String(port), '--key', hash];
}

/** A connection to the port that has said this, but for which nobody waits. */
export function say(port: number, data: Buffer): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  socket.write(data);
  return socket;
}

/** A connection to the port that begins with the key. */
export function withKey(port: number): Socket {
  return say(port, key);
}

/** What a client reads until the agent closes the connection or has sent something. */
export async function answer(socket: Socket): Promise<Buffer> {
  const data = once(socket, 'data').then(([chunk]: Buffer[]) => chunk ?? nothing);
  return await Promise.race([data, once(socket, 'close').then(() => nothing)]);
}

export async function linked(port: number): Promise<TestLink> {
  const link = new TestLink(() => withKey(port));
  await link.open();
  return link;
}
