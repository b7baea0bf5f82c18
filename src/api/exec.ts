import {z} from 'zod';

import {InvalidRequest} from '../errors.ts';
import {empty, hijack, json} from '../http/reply.ts';
import {parseDetachKeys} from '../wire/detach-keys.ts';
import {consoleSize, flag, strings, text} from '../wire/json-fields.ts';
import {terminalLength} from '../wire/query-values.ts';
import {detachableInput} from './detachable.ts';
import {endpoint} from './endpoint.ts';
import {outputPieces, outputType, rawStream} from './output-pieces.ts';

/** rows and columns, in characters */
const ExecCreateBody = z.object({
  AttachStdin: flag(),
  AttachStdout: flag(),
  AttachStderr: flag(),
  DetachKeys: text(),
  Tty: flag(),
  Env: strings(),
  Cmd: strings(),
  Privileged: flag(),
  User: text(),
  WorkingDir: text(),
  ConsoleSize: consoleSize(),
});

const ExecStartBody = z.object({Detach: flag(), Tty: flag(), ConsoleSize: consoleSize()});

/** Further processes in a container. */
export const exec = [
  endpoint('POST', '/containers/{id}/exec', {
    body: ExecCreateBody,
    async handle({params, body}, engine) {
      if (body.Cmd.length === 0) throw new InvalidRequest('No exec command specified');
      parseDetachKeys(body.DetachKeys);
      return json(201, await engine.execs.create(params.id, body));
    },
  }),
  endpoint('POST', '/exec/{id}/start', {
    body: ExecStartBody,
    async handle(
      {params: {id}, body: {Detach, Tty, ConsoleSize}, request: {signal, upgrade}, minor},
      engine,
    ) {
      if (Detach) {
        await engine.execs.startDetached(id);
        return empty(200);
      }
      const keys = parseDetachKeys(engine.execs.inspect(id).DetachKeys);
      const size = ConsoleSize && {rows: ConsoleSize[0], columns: ConsoleSize[1]};
      const attachment = await engine.execs.start(id, {tty: Tty, size});
      // the framing follows the request, not the exec
      const tty = Tty;
      return hijack(upgrade ? outputType({tty, minor}) : rawStream, {
        input: detachableInput({...attachment, tty}, keys),
        pieces: outputPieces(attachment.output, {tty, signal}),
      });
    },
  }),
  endpoint('POST', '/exec/{id}/resize', {
    query: {h: terminalLength('height'), w: terminalLength('width')},
    async handle({params, query: {h, w}}, engine) {
      await engine.execs.resize(params.id, {rows: h, columns: w});
      return empty(200);
    },
  }),
  endpoint('GET', '/exec/{id}/json', {
    handle({params}, engine) {
      return json(200, engine.execs.inspect(params.id));
    },
  }),
] as const;
