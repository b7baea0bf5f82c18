import {createServer, type Server, type ServerResponse} from 'node:http';

import {Failure, failure, type FailureParts} from '../failures/failure.ts';
import type {RemoveResult} from './messages.ts';
import type {DaemonRecord} from './record.ts';
import type {DaemonStatus, Log} from './types.ts';

/** What the commands may ask of a daemon, over its control socket. */
export interface Control {
  /** Resolves when the daemon is ready to work. */
  ready(): Promise<DaemonRecord>;
  status(): Promise<{record: DaemonRecord; status: DaemonStatus}>;
  remove(): Promise<RemoveResult>;
  /** Resolves when everything is closed; the process ends once that is answered. */
  stop(): Promise<void>;
  /** Ends the process. */
  exit(): void;
}

/** GET /v0/status */
export interface StatusAnswer {
  record: DaemonRecord;
  status: DaemonStatus;
  log: string;
}

/** Every answer that is not 200. */
export interface FailedAnswer {
  failure: FailureParts;
}

/** The HTTP server of the control socket; who may open the socket may use all of it. Not yet listening. */
export function createControlServer(control: Control, {log, logPath}: {log: Log; logPath: string}): Server {
  return createServer((request, response) => {
    request.resume();
    // A browser never speaks to a Unix socket; whatever carries its marks came through a relay that should not be there.
    if (request.headers.origin !== undefined) {
      answer(response, 403, {});
      return;
    }
    route(`${request.method} ${request.url}`, control, logPath).then(
      body => {
        answer(response, body === undefined ? 404 : 200, body ?? {});
        return request.url === '/v0/stop' && response.once('close', () => control.exit());
      },
      (error: unknown) => {
        log.error('a control request failed', {request: request.url, error});
        answer(response, 500, {failure: asFailure(error, logPath).toJSON()} satisfies FailedAnswer);
      },
    );
  });
}

async function route(line: string, control: Control, log: string): Promise<object | undefined> {
  switch (line) {
    case 'GET /v0/hello':
      return control.ready();
    case 'GET /v0/status':
      return {...(await control.status()), log} satisfies StatusAnswer;
    case 'POST /v0/remove':
      return control.remove();
    case 'POST /v0/stop':
      await control.stop();
      return {};
    default:
      return undefined;
  }
}

function answer(response: ServerResponse, code: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  });
  response.end(text);
}

function asFailure(error: unknown, log: string): Failure {
  if (error instanceof Failure) return error;
  return failure(
    'BAD-001',
    {message: error instanceof Error ? error.message : String(error), log},
    {cause: error},
  );
}
