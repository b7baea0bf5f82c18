import type {DaemonError} from '../errors.ts';
import {ChannelStream, lostBecause} from './channel-stream.ts';
import {portFailureOf} from './failures.ts';
import type {Transport} from './transport.ts';
import {openChannels} from './upgrade.ts';

export interface PortRequest {
  transport: Transport;
  namespace: string;
  pod: string;
  port: number;
  signal?: AbortSignal | undefined;
}

/**
 * A TCP connection to a port on a Pod's loopback. It resolves with the answer to the upgrade, which comes from the node; what can be written at once need not wait
 * for more. Only then the node dials the port: its refusal ends the stream, before any byte was read.
 */
export async function openPort({transport, namespace, pod, port, signal}: PortRequest): Promise<PortStream> {
  return await openChannels({
    transport,
    call: {
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/pods/${pod}/portforward`,
      query: {ports: port},
    },
    protocols: ['v4.channel.k8s.io'],
    streamOf: ws => new PortStream(ws),
    refusalOf: portFailureOf,
    signal,
  });
}

/** Channels of the first and only port that we ask for (kubelet `portforward/websocket.go`). */
const DATA = 0;
const ERROR = 1;

/** Each channel begins with the number of the port, little endian. */
const announcementBytes = 2;
/** 1005 stands for a farewell that says nothing more (RFC 6455 section 7.4.1). */
const farewells = new Set([1000, 1005]);

/** Ends when the other end closes the port. There is no half-close: our own end closes the connection. */
export class PortStream extends ChannelStream {
  /** How much of the announcement is still to come, by channel. */
  readonly #announced = [announcementBytes, announcementBytes];

  override _final(callback: (error?: Error | null) => void): void {
    this.ws.close(1000);
    callback();
  }

  protected override receive(channel: number, message: Buffer): void {
    const awaited = this.#announced[channel];
    if (awaited === undefined)
      return this.lost(`the API server wrote on channel ${channel}, which is none of its own`);
    this.#announced[channel] = Math.max(0, awaited - message.length);
    const content = message.subarray(awaited);
    if (channel === DATA) this.receiveBytes(content);
    if (channel === ERROR && content.length > 0) this.settle(portFailureOf(500, content.toString()));
  }

  protected override outcomeOfClose(code: number): DaemonError | 'success' {
    return farewells.has(code) ? 'success' : lostBecause('it was closed without a farewell');
  }
}
