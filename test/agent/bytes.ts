/** Fields and frames as src/agent/PROTOCOL.md has them, written apart from src/link so that one misreading cannot hide in both. */

export const TYPE = {
  hello: 0x01,
  welcome: 0x02,
  ack: 0x03,
  ping: 0x04,
  pong: 0x05,
  open: 0x10,
  data: 0x11,
  eof: 0x12,
  reset: 0x13,
  window: 0x14,
  msg: 0x15,
};

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export function u8(value: number): Buffer {
  return Buffer.from([value]);
}

export function u16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}

export function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

export function u64(value: number | bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(BigInt(value));
  return buffer;
}

export function bytes(value: string | Uint8Array): Buffer {
  const data = Buffer.from(value);
  return Buffer.concat([u32(data.length), data]);
}

export function list(values: (string | Uint8Array)[]): Buffer {
  return Buffer.concat([u32(values.length), ...values.map(bytes)]);
}

export function frame(
  type: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
  flags = 0,
): Buffer {
  return Buffer.concat([u8(type), u8(flags), u16(payload.length), u32(stream), payload]);
}

export interface Spec {
  argv: string[];
  env?: string[];
  cwd?: string;
  user?: string;
  groups?: string[];
  flags?: number;
  rows?: number;
  columns?: number;
}

export const SPEC = {tty: 1, stdin: 2, stdinOnce: 4, detached: 8};

export function spec({argv, env = [`PATH=${process.env['PATH'] ?? ''}`], ...rest}: Spec): Buffer {
  return Buffer.concat([
    list(argv),
    list(env),
    bytes(rest.cwd ?? ''),
    bytes(rest.user ?? ''),
    list(rest.groups ?? []),
    u8(rest.flags ?? 0),
    u16(rest.rows ?? 0),
    u16(rest.columns ?? 0),
  ]);
}

/** Reads fields in order; throws if they do not fit. */
export class Reader {
  #at = 0;
  readonly #data: Buffer;
  constructor(data: Buffer) {
    this.#data = data;
  }
  get left(): number {
    return this.#data.length - this.#at;
  }
  take(size: number): Buffer {
    if (size > this.left) throw new Error(`${size} bytes wanted, ${this.left} are left`);
    this.#at += size;
    return this.#data.subarray(this.#at - size, this.#at);
  }
  u8(): number {
    return this.take(1).readUInt8();
  }
  u16(): number {
    return this.take(2).readUInt16BE();
  }
  u32(): number {
    return this.take(4).readUInt32BE();
  }
  u64(): bigint {
    return this.take(8).readBigUInt64BE();
  }
  bytes(): Buffer {
    return this.take(this.u32());
  }
  text(): string {
    return this.bytes().toString();
  }
  list(): Buffer[] {
    return Array.from({length: this.u32()}, () => this.bytes());
  }
}

export interface State {
  phase: number;
  run: number;
  pid: number;
  started: bigint;
  finished: bigint;
  exitCode: number;
  oomKilled: number;
  spoolEnd: bigint;
}

export function readState(reader: Reader): State {
  return {
    phase: reader.u8(),
    run: reader.u32(),
    pid: reader.u32(),
    started: reader.u64(),
    finished: reader.u64(),
    exitCode: reader.u32(),
    oomKilled: reader.u8(),
    spoolEnd: reader.u64(),
  };
}
