import {AgentError, ProtocolViolation} from './errors.ts';
import {FieldReader, FieldWriter} from './fields.ts';
import {maxWhole} from './parts.ts';

/** PROTOCOL.md, "Messages". */
export const messageType = {
  start: 1,
  signal: 2,
  resize: 3,
  kill: 4,
  ok: 0x40,
  error: 0x41,
  exited: 0x42,
  started: 0x50,
  failed: 0x51,
  exit: 0x52,
  connected: 0x53,
  done: 0x54,
} as const;

export const protocolVersion = 1;

/** The main process as the agent knows it. Times are nanoseconds since 1970, 0n = never; `run` counts the starts. */
export interface AgentState {
  phase: 'held' | 'running' | 'exited';
  run: number;
  pid: number;
  startedAt: bigint;
  finishedAt: bigint;
  exitCode: number;
  oomKilled: boolean;
  /** Where the next record of the spool will stand. */
  spoolEnd: bigint;
}

/** How to run a process. `env` is complete (`NAME=value`), `user` is Docker's `[name|uid][:name|gid]`, empty = the agent's own. */
export interface ProcessSpec {
  argv: string[];
  env: string[];
  cwd: string;
  user: string;
  groups: string[];
  tty: boolean;
  stdin: boolean;
  stdinOnce: boolean;
  detached: boolean;
  rows: number;
  columns: number;
}

export interface Welcome {
  version: number;
  resumed: boolean;
  received: number;
  state: AgentState;
}

/** The first frame of a connection; `session` is 16 random bytes, `received` the counted bytes that arrived in it. */
export function helloPayload(session: Buffer, received: number | bigint): Buffer {
  return new FieldWriter().u8(protocolVersion).bytes(session).u64(received).finish();
}

export function readWelcome(payload: Buffer): Welcome {
  const fields = new FieldReader(payload, 'WELCOME');
  const version = fields.u8();
  if (version !== protocolVersion) {
    throw new ProtocolViolation(
      `the agent speaks version ${version} of the protocol, this badidea version ${protocolVersion}`,
    );
  }
  const welcome = {version, resumed: fields.flag(), received: fields.count(), state: readState(fields)};
  fields.end();
  return welcome;
}

export function readState(fields: FieldReader): AgentState {
  const phases = ['held', 'running', 'exited'] as const;
  const number = fields.u8();
  const phase = phases[number];
  if (phase === undefined)
    throw new ProtocolViolation(`the agent sent the unknown phase ${number} of its process`);
  return {
    phase,
    run: fields.u32(),
    pid: fields.u32(),
    startedAt: fields.u64(),
    finishedAt: fields.u64(),
    exitCode: fields.u32(),
    oomKilled: fields.flag(),
    spoolEnd: fields.u64(),
  };
}

/** The SPEC behind what `fields` holds already; AgentError E2BIG if the whole is more than 2 MiB. */
export function withSpec(fields: FieldWriter, spec: ProcessSpec): Buffer {
  const flags =
    (spec.tty ? 1 : 0) | (spec.stdin ? 2 : 0) | (spec.stdinOnce ? 4 : 0) | (spec.detached ? 8 : 0);
  const payload = fields
    .list(spec.argv)
    .list(spec.env)
    .bytes(spec.cwd)
    .bytes(spec.user)
    .list(spec.groups)
    .u8(flags)
    .u16(clampU16(spec.rows))
    .u16(clampU16(spec.columns))
    .finish();
  if (payload.length <= maxWhole) return payload;
  const message = `the command and its environment are ${payload.length} bytes; the agent takes at most ${maxWhole}: pass large values as files`;
  throw new AgentError({stage: 6, errno: 7, message});
}

/** Terminal sizes come from clients and may be anything. */
export function clampU16(value: number): number {
  return Number.isFinite(value) ? Math.min(65_535, Math.max(0, Math.trunc(value))) : 0;
}

/** `u8 stage, u32 errno, bytes text`, as ERROR and FAILED carry it. */
export function readProblem(fields: FieldReader): AgentError {
  const problem = new AgentError({stage: fields.u8(), errno: fields.u32(), message: fields.text()});
  fields.end();
  return problem;
}
