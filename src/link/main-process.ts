import {ProtocolViolation} from './errors.ts';
import {FieldReader} from './fields.ts';
import {frameType, type Frame} from './frames.ts';
import {clampU16, messageType, readState, withSpec, type AgentState, type ProcessSpec} from './messages.ts';
import {Requests} from './requests.ts';
import type {Session} from './session.ts';

/** The container's main process: its requests and its state, which are all that stream 0 carries. */
export class MainProcess {
  readonly requests: Requests;
  readonly #onExit: (state: AgentState) => void;
  #state: AgentState | undefined;

  constructor(session: Pick<Session, 'send'>, onExit: (state: AgentState) => void) {
    this.requests = new Requests(session);
    this.#onExit = onExit;
  }

  get state(): AgentState | undefined {
    return this.#state;
  }

  async start(spec: ProcessSpec): Promise<{pid: number; startedAt: bigint}> {
    return await this.requests.send(
      messageType.start,
      fields => withSpec(fields, spec),
      fields => this.#started({pid: fields.u32(), startedAt: fields.u64()}),
    );
  }

  async signal(number: number): Promise<void> {
    await this.requests.send(
      messageType.signal,
      fields => fields.u8(number).finish(),
      () => {},
    );
  }

  async resize(rows: number, columns: number): Promise<void> {
    await this.requests.send(
      messageType.resize,
      fields => fields.u16(clampU16(rows)).u16(clampU16(columns)).finish(),
      () => {},
    );
  }

  /** A state from the agent. An exit is told once per run; one that the first greeting of all brings is no news. */
  learn(state: AgentState): void {
    const before = this.#state;
    this.#state = state;
    const known = before === undefined || (before.phase === 'exited' && before.run === state.run);
    if (state.phase === 'exited' && !known) this.#onExit(state);
  }

  receive(frame: Frame): void {
    if (frame.type !== frameType.message)
      throw new ProtocolViolation(`the agent sent a frame of type ${frame.type} on stream 0`);
    const fields = new FieldReader(frame.payload, 'message');
    const message = fields.u8();
    switch (message) {
      case messageType.ok:
        return this.requests.ok(fields);
      case messageType.error:
        return this.requests.error(fields);
      case messageType.exited: {
        const state = readState(fields);
        fields.end();
        return this.learn(state);
      }
      default:
        throw new ProtocolViolation(`the agent sent the unknown message ${message}`);
    }
  }

  // A greeting after a reconnect is newer than the answers that are sent again behind it.
  #started(process: {pid: number; startedAt: bigint}): {pid: number; startedAt: bigint} {
    const state = this.#state;
    if (state !== undefined && state.startedAt < process.startedAt) {
      this.#state = {
        ...state,
        ...process,
        phase: 'running',
        run: state.run + 1,
        finishedAt: 0n,
        exitCode: 0,
        oomKilled: false,
      };
    }
    return process;
  }
}
