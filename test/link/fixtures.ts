import type {Readable} from 'node:stream';

import {vi} from 'vitest';

import {FieldReader, FieldWriter} from '../../src/link/fields.ts';
import {type Frame, frameType} from '../../src/link/frames.ts';
import type {OutputOptions, ProcessSpec} from '../../src/link/link.ts';
import {messageType} from '../../src/link/messages.ts';
import type {ScriptedAgent} from '../fakes/scripted-agent.ts';

/** A process with an open stdin; the rest is as plain as can be. */
export const plainSpec: ProcessSpec = {
  argv: ['cat'],
  env: ['PATH=/usr/bin:/bin'],
  cwd: '',
  user: '',
  groups: [],
  tty: false,
  stdin: true,
  stdinOnce: false,
  detached: false,
  rows: 0,
  columns: 0,
};

export const wholeOutput: OutputOptions = {
  channels: 'both',
  follow: true,
  waitForRun: false,
  keep: false,
  from: {at: 'start'},
};

/** Reconnects without patience. */
export const eager = {minMs: 1, maxMs: 5, healthyMs: 0};

/** Waits long: the machine of a test may be busy. */
export async function until(condition: () => boolean): Promise<void> {
  await vi.waitUntil(condition, {timeout: 10_000, interval: 5});
}

/** An agent that echoes dialled bytes and answers each request with pid 7, started at 5. */
export function echo(frame: Frame, agent: ScriptedAgent): void {
  if (frame.type === frameType.open) agent.message(frame.stream, messageType.connected);
  if (frame.type === frameType.data) {
    agent.send(frameType.window, frame.stream, windowOf(frame.payload.length));
    agent.send(frameType.data, frame.stream, Buffer.from(frame.payload));
  }
  if (frame.type === frameType.eof) agent.send(frameType.eof, frame.stream);
  if (frame.type === frameType.message && frame.stream === 0) {
    const fields = new FieldReader(frame.payload, 'request');
    fields.u8();
    agent.message(0, messageType.ok, new FieldWriter().u32(fields.u32()).u32(7).u64(5n));
  }
}

/** The payload of RESET. */
export function problem(errno: number, text: string): Buffer {
  return new FieldWriter().u32(errno).bytes(text).finish();
}

/** The payload of WINDOW. */
export function windowOf(more: number): Buffer {
  return new FieldWriter().u32(more).finish();
}

/** The bytes that WINDOW frames have granted. */
export function granted(frames: Frame[]): number {
  return frames
    .filter(frame => frame.type === frameType.window)
    .reduce((sum, frame) => sum + frame.payload.readUInt32BE(0), 0);
}

/** A spool record. */
export function record(channel: number, time: bigint, content: Buffer): Buffer {
  const header = new FieldWriter().u8(channel).u8(0).u16(0).u32(content.length).u64(time).finish();
  return Buffer.concat([header, content]);
}

/** What an exec wrote, each piece with its channel. */
export async function textOf(output: Readable): Promise<string> {
  let text = '';
  for await (const {channel, bytes} of output) text += `${channel}:${bytes}`;
  return text;
}
