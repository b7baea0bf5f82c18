import type {PassThrough} from 'node:stream';

import type {OutputChunk} from '../../src/api/engine.ts';
import {NotFound} from '../../src/errors.ts';
import type {DockerEvent} from '../../src/wire/events.ts';
import type {Program} from './scripted-engine.ts';

/** Runs a program to its end, which is the end of its output; resolves to its exit code. */
export async function play(
  program: Program,
  {stdin, output, log}: {stdin: PassThrough; output: PassThrough; log: OutputChunk[]},
): Promise<number> {
  const code = await program({
    stdin,
    output,
    async write(channel, text) {
      const chunk = {channel, time: 1_700_000_000_123_456_789n, bytes: Buffer.from(text)};
      log.push(chunk);
      if (output.destroyed || output.write(chunk)) return;
      await new Promise<void>(resolve => {
        output.once('drain', resolve).once('close', resolve);
      });
    },
  });
  output.end();
  return code;
}

/** The events that are published from now on. */
export async function* follow(
  listeners: Set<(event: DockerEvent) => void>,
  signal: AbortSignal,
): AsyncGenerator<DockerEvent> {
  const queue: DockerEvent[] = [];
  let wake = Promise.withResolvers<void>();
  const listener = (event: DockerEvent): void => {
    queue.push(event);
    wake.resolve();
  };
  listeners.add(listener);
  signal.addEventListener('abort', () => wake.resolve(), {once: true});
  try {
    while (!signal.aborted) {
      yield* queue.splice(0);
      await wake.promise;
      wake = Promise.withResolvers();
    }
  } finally {
    listeners.delete(listener);
  }
}

export async function* pullMessages(broken: boolean): AsyncGenerator<object> {
  yield {status: 'Pulling from library/busybox', id: 'latest'};
  if (broken) throw new NotFound('the layer is gone');
  yield {status: 'Status: Downloaded newer image for busybox:latest'};
}
