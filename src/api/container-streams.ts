import {z} from 'zod';

import {InvalidRequest} from '../errors.ts';
import {empty, hijack, json, type Piece, type Reply, stream, text} from '../http/reply.ts';
import {printable, statusOf} from '../http/status.ts';
import type {ContainerInspect} from '../translate/container-answers.ts';
import {parseDetachKeys} from '../wire/detach-keys.ts';
import {nanoTime, parseBound} from '../wire/docker-times.ts';
import {logDetails} from '../wire/log-details.ts';
import {flag, optionalText, tail, terminalLength} from '../wire/query-values.ts';
import {detachableInput} from './detachable.ts';
import {endpoint} from './endpoint.ts';
import type {OutputChunk, WaitCondition, WaitResult} from './engine.ts';
import {outputPieces, outputType, rawStream} from './output-pieces.ts';

/** What comes out of a container, and what goes in. */
export const containerStreams = [
  endpoint('POST', '/containers/{id}/attach', {
    query: {stream: flag, stdin: flag, stdout: flag, stderr: flag, logs: flag, detachKeys: optionalText},
    async handle({params, query: {detachKeys, ...options}, request: {signal, upgrade}, minor}, engine) {
      try {
        const keys = parseDetachKeys(detachKeys);
        const attachment = await engine.containers.attach(params.id, options);
        const {tty, output} = attachment;
        const type = upgrade ? outputType({tty, minor}) : rawStream;
        return hijack(type, {
          input: detachableInput(attachment, keys),
          pieces: outputPieces(output, {tty, signal}),
          bare: true,
        });
      } catch (error) {
        return attachRefusal(error);
      }
    },
  }),
  endpoint('POST', '/containers/{id}/wait', {
    query: {condition: waitCondition},
    handle({params, query, request}, engine) {
      const {exit} = engine.containers.wait(params.id, query.condition, request.signal);
      return stream('application/json', waitPieces(exit));
    },
  }),
  endpoint('GET', '/containers/{id}/logs', {
    query: {
      stdout: flag,
      stderr: flag,
      follow: flag,
      timestamps: flag,
      details: flag,
      tail,
      since: parseBound,
      until: parseBound,
    },
    async handle({params, query: {timestamps, details, ...options}, request: {signal}, minor}, engine) {
      if (!options.stdout && !options.stderr) {
        throw new InvalidRequest('Bad parameters: you must choose at least one stream');
      }
      const {tty, output} = await engine.containers.logs(params.id, {...options, signal});
      const attributes = details ? `${detailsOf(engine.containers.inspect(params.id))} ` : '';
      const prefix = ({time}: OutputChunk): string => (timestamps ? `${nanoTime(time)} ` : '') + attributes;
      const pieces = outputPieces(output, {tty, signal, ...(timestamps || details ? {prefix} : {})});
      return stream(outputType({tty, minor}), pieces);
    },
  }),
  endpoint('POST', '/containers/{id}/resize', {
    query: {h: terminalLength('height'), w: terminalLength('width')},
    async handle({params, query: {h, w}}, engine) {
      await engine.containers.resize(params.id, {rows: h, columns: w});
      return empty(200);
    },
  }),
] as const;

/** By then moby has hijacked the connection: its refusal is text under the stream's content type, and the docker CLI reads it so. */
function attachRefusal(error: unknown): Reply {
  const status = statusOf(error);
  if (status === 500 || !(error instanceof Error)) throw error;
  return text(status, rawStream, `${printable(error.message)}\r\n`);
}

/** With no such option of its log driver a container has none of them; the space is there all the same. */
const DetailedContainer = z.object({
  Config: z.object({Labels: z.record(z.string(), z.string()), Env: z.array(z.string()).nullable()}),
  HostConfig: z.object({LogConfig: z.object({Config: z.record(z.string(), z.string())})}),
});

function detailsOf(container: ContainerInspect): string {
  const {Config, HostConfig} = DetailedContainer.parse(container);
  return logDetails({
    labels: Config.Labels,
    environment: Config.Env ?? [],
    options: HostConfig.LogConfig.Config,
  });
}

/** Without a condition the oldest one: until it does not run. */
function waitCondition(condition = ''): WaitCondition {
  switch (condition) {
    case '':
      return 'not-running';
    case 'not-running':
    case 'next-exit':
    case 'removed':
      return condition;
    default:
      throw new InvalidRequest(`invalid condition: ${JSON.stringify(condition)}`);
  }
}

/** The head has gone out by now, so that `docker run` goes on to start the container; the result is one line of JSON. */
async function* waitPieces(exit: Promise<WaitResult>): AsyncGenerator<Piece> {
  yield json(200, await exit).body;
}
