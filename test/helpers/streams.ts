import {scriptedEngine, type Program} from '../fakes/scripted-engine.ts';
import {ask} from './api-client.ts';
import {serveApi} from './api-server.ts';
import {connectRaw} from './raw-client.ts';

/** The frames of a multiplexed stream, as `channel:text`. */
export function framesOf(stream: string): string[] {
  const bytes = Buffer.from(stream, 'latin1');
  const frames: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at + 4);
    frames.push(`${bytes[at]}:${bytes.subarray(at + 8, end).toString()}`);
    at = end;
  }
  return frames;
}

export function split(heard: string): {head: string; body: string} {
  const at = heard.indexOf('\r\n\r\n') + 4;
  return {head: heard.slice(0, at), body: heard.slice(at)};
}

/** Says what it got when its stdin ends. */
export const cat: Program = async ({stdin, write}) => {
  await write(1, 'out\n');
  await write(2, 'err\n');
  let heard = '';
  for await (const chunk of stdin) heard += String(chunk);
  await write(1, heard);
  return 3;
};

export async function withContainer(program: Program, request: object = {}) {
  const engine = scriptedEngine(program);
  const server = await serveApi(engine);
  await ask(server.path, 'POST /containers/create?name=c', {
    body: {Image: 'busybox', OpenStdin: true, ...request},
  });
  return {engine, ...server, connect: () => connectRaw({path: server.path})};
}
