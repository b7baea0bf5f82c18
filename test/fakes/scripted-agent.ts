import {mkdtemp, rm} from 'node:fs/promises';
import {connect, createServer, type Server, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {FieldReader, FieldWriter} from '../../src/link/fields.ts';
import {
  encodeFrame,
  frameBlocks,
  frameOf,
  frameType,
  isCounted,
  type Frame,
  type FrameType,
} from '../../src/link/frames.ts';
import type {Dial} from '../../src/link/reconnect.ts';

/** An agent that says what a test tells it to, over a real socket. It keeps the session's rules (counts, resume) unless the test breaks them with `raw`. */
export class ScriptedAgent implements AsyncDisposable {
  readonly path: string;
  readonly #folder: string;
  readonly #server: Server;
  readonly #onFrame: (frame: Frame, agent: ScriptedAgent) => void;
  #socket: Socket | undefined;
  #session = '';
  #received = 0;
  #sent: Buffer[] = [];
  /** Connections that were accepted. */
  connections = 0;
  /** What WELCOME tells; a test may replace it. */
  state = statePayload({phase: 0});
  /** PINGs are answered. */
  answersPing = true;

  static async listen(
    onFrame: (frame: Frame, agent: ScriptedAgent) => void = () => {},
  ): Promise<ScriptedAgent> {
    const folder = await mkdtemp(join(tmpdir(), 'badidea-agent-'));
    const agent = new ScriptedAgent(folder, onFrame);
    await new Promise<void>(resolve => agent.#server.listen(agent.path, resolve));
    return agent;
  }

  constructor(folder: string, onFrame: (frame: Frame, agent: ScriptedAgent) => void) {
    this.#folder = folder;
    this.path = join(folder, 'agent.sock');
    this.#onFrame = onFrame;
    this.#server = createServer({allowHalfOpen: false}, socket => this.#accept(socket));
  }

  get dial(): Dial {
    return () => dialSocket(this.path);
  }

  /** Sends a frame; a counted one is sent again after a resume. */
  send(type: FrameType, stream: number, payload: Buffer = Buffer.alloc(0), flags = 0): void {
    const frame = encodeFrame(type, stream, payload, flags);
    if (isCounted(type)) this.#sent.push(frame);
    this.#socket?.write(frame);
  }

  message(stream: number, message: number, fields = new FieldWriter()): void {
    this.send(frameType.message, stream, Buffer.concat([Buffer.of(message), fields.finish()]));
  }

  /** Bytes as they are, outside of all rules. */
  raw(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  /** Reads nothing from the present connection until `resume`. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Cuts the present connection. */
  cut(): void {
    this.#socket?.destroy();
  }

  /** As if the agent were restarted: the next greeting begins anew. */
  forget(): void {
    this.#session = '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
    await rm(this.#folder, {recursive: true});
  }

  #accept(socket: Socket): void {
    this.#socket?.destroy();
    this.#socket = socket;
    this.connections += 1;
    const blocks = frameBlocks();
    socket.on('error', () => {});
    socket.on('data', chunk => {
      for (const block of blocks.push(chunk))
        if (!socket.destroyed) this.#receive(frameOf(block), block.length);
    });
  }

  #receive(frame: Frame, size: number): void {
    if (frame.type === frameType.hello) this.#greet(frame);
    if (frame.type === frameType.ping && this.answersPing) this.send(frameType.pong, 0, frame.payload);
    if (isCounted(frame.type)) this.#received += size;
    this.#onFrame(frame, this);
  }

  #greet(frame: Frame): void {
    const fields = new FieldReader(frame.payload, 'HELLO');
    fields.u8();
    const session = fields.bytes(16).toString('hex');
    let received = fields.count();
    const resumed = session === this.#session;
    if (!resumed) {
      this.#session = session;
      this.#received = 0;
      this.#sent = [];
    }
    const welcome = new FieldWriter()
      .u8(1)
      .u8(resumed ? 1 : 0)
      .u64(this.#received)
      .finish();
    this.#socket?.write(encodeFrame(frameType.welcome, 0, Buffer.concat([welcome, this.state])));
    for (const sent of this.#sent) {
      if (received <= 0) this.#socket?.write(sent);
      received -= sent.length;
    }
  }
}

/** STATE of PROTOCOL.md; what is not given is 0. */
export function statePayload(state: {
  phase: number;
  run?: number;
  pid?: number;
  startedAt?: bigint;
  exitCode?: number;
}): Buffer {
  return new FieldWriter()
    .u8(state.phase)
    .u32(state.run ?? 0)
    .u32(state.pid ?? 0)
    .u64(state.startedAt ?? 0n)
    .u64(0n)
    .u32(state.exitCode ?? 0)
    .u8(0)
    .u64(0n)
    .finish();
}

/** A connection to a Unix socket, as a link dials it. */
export async function dialSocket(path: string): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
