import {WebSocket} from 'ws';

import {CommandFailed, type DaemonError} from '../errors.ts';
import {ChannelStream, lostBecause, WRITTEN} from './channel-stream.ts';
import {execFailureOf, parseStatus} from './failures.ts';
import type {Transport} from './transport.ts';
import {openChannels} from './upgrade.ts';

export interface ExecRequest {
  transport: Transport;
  namespace: string;
  pod: string;
  container: string;
  command: string[];
  signal?: AbortSignal | undefined;
}

/**
 * Runs a command in a container and resolves with its streams. API servers before 1.36 accept first and ask the kubelet afterwards: then the error of a refusal
 * ends the stream instead.
 */
export async function openExec(request: ExecRequest): Promise<ExecStream> {
  const {transport, namespace, pod, container, command, signal} = request;
  return await openChannels({
    transport,
    call: {
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/pods/${pod}/exec`,
      query: {container, command, stdin: 'true', stdout: 'true', stderr: 'true', tty: 'false'},
    },
    protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
    streamOf: ws => new ExecStream(ws),
    refusalOf: execFailureOf,
    signal,
  });
}

/** Channels of `v5.channel.k8s.io` (KEP-4006). */
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const CLOSE = 255;

const maxStderr = 8 * 1024;

/** Written bytes are the command's stdin, read bytes its stdout. Ends when the command ended with 0, else with an error. */
export class ExecStream extends ChannelStream {
  #stderr = '';

  override _final(callback: (error?: Error | null) => void): void {
    // Before v5 there is no half-close; the command sees the end of its stdin when the connection closes.
    if (this.ws.protocol.startsWith('v5') && this.ws.readyState === WebSocket.OPEN) {
      this.ws.send(Buffer.from([CLOSE, WRITTEN]), () => callback());
    } else callback();
  }

  protected override receive(channel: number, content: Buffer): void {
    switch (channel) {
      case STDOUT:
        return this.receiveBytes(content);
      case STDERR:
        this.#stderr = (this.#stderr + content.toString()).slice(-maxStderr);
        return;
      case STATUS:
        return this.settle(outcomeOf(content.toString(), this.#stderr));
      default:
        // Some servers open each channel, stdin too, with an empty message.
        if (channel === WRITTEN && content.length === 0) return;
        this.lost(`the API server wrote on channel ${channel}, which is none of its own`);
    }
  }

  protected override outcomeOfClose(): DaemonError {
    return lostBecause('it was closed before the command ended');
  }
}

function outcomeOf(text: string, stderr: string): DaemonError | 'success' {
  const status = parseStatus(text);
  if (status?.status === 'Success') return 'success';
  const cause = status?.details?.causes?.find(({reason}) => reason === 'ExitCode');
  const code = Number(cause?.message);
  const message = stderr.trim() || status?.message || text;
  if (cause && Number.isInteger(code)) return new CommandFailed(message, code);
  return execFailureOf(status?.code ?? 500, text);
}
