import {FieldReader} from '../../src/link/fields.ts';
import {messageType, readProblem, readState} from '../../src/link/messages.ts';
import type {Values, Vector} from './vectors.ts';

/** What our readers make of an agent's message. */
export function readAnswer(payload: Buffer): unknown {
  const fields = new FieldReader(payload, 'message');
  const message = fields.u8();
  const answer = {message, ...readFields(message, fields)};
  fields.end();
  return answer;
}

/** What a vector's text says of the same message. */
export function answerOf(vector: Vector, values: Values): unknown {
  const name = vector.message.toLowerCase();
  const message = Object.entries(messageType).find(([known]) => known === name)?.[1];
  const request = values.has('request') ? {request: values.number('request')} : {};
  switch (vector.message) {
    case 'OK':
    case 'STARTED':
      return {
        message,
        ...request,
        ...(values.has('pid') && {pid: values.number('pid'), startedAt: values.big('started')}),
      };
    case 'ERROR':
    case 'FAILED':
      return {
        message,
        ...request,
        stage: values.number('stage'),
        errno: values.number('errno'),
        text: values.text('text'),
      };
    case 'EXITED':
      return {message, state: stateOf(values)};
    case 'EXIT':
      return {message, code: values.number('exit_code')};
    case 'DONE':
      return {message, entries: values.big('entries')};
    default:
      return {message};
  }
}

export function stateOf(values: Values): unknown {
  return {
    phase: ['held', 'running', 'exited'][values.number('phase')],
    run: values.number('run'),
    pid: values.number('pid'),
    startedAt: values.big('started'),
    finishedAt: values.big('finished'),
    exitCode: values.number('exit_code'),
    oomKilled: values.number('oom_killed') === 1,
    spoolEnd: values.big('spool_end'),
  };
}

function readFields(message: number, fields: FieldReader): object {
  switch (message) {
    case messageType.ok: {
      const request = fields.u32();
      // An OK's further fields are its request's; among the vectors only START has some, and request 1 is that.
      return request === 1 ? {request, pid: fields.u32(), startedAt: fields.u64()} : {request};
    }
    case messageType.started:
      return {pid: fields.u32(), startedAt: fields.u64()};
    case messageType.error:
      return {request: fields.u32(), ...readText(fields)};
    case messageType.failed:
      return readText(fields);
    case messageType.exited:
      return {state: readState(fields)};
    case messageType.exit:
      return {code: fields.u32()};
    case messageType.done:
      return {entries: fields.u64()};
    default:
      return {};
  }
}

function readText(fields: FieldReader): object {
  const {stage, errno, message: text} = readProblem(fields);
  return {stage, errno, text};
}
