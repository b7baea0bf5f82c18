import {Agent} from 'undici';

import {type ImageRoom, type ImagesOptions, createImages} from '../../src/images/images.ts';
import type {RegistryAuth} from '../../src/wire/registry-auth.ts';
import {Secrets} from './secrets.ts';

/** An image room of its own, and the events that it told. */
export function room(options: Partial<ImagesOptions> = {}): ImageRoom & {events: object[]} {
  const events: object[] = [];
  const images = createImages({
    cluster: new Secrets(),
    owner: 'ada',
    dispatcher: new Agent({keepAliveTimeout: 10}),
    registries: {},
    architecture: () => 'amd64',
    now: () => new Date('2026-03-01T00:00:00Z'),
    emit: event => void events.push(event),
    ...options,
  });
  return Object.assign(images, {events});
}

/** Every message of a pull. */
export async function pull(
  images: ImageRoom,
  reference: string,
  options: {platform?: string; auth?: RegistryAuth; signal?: AbortSignal} = {},
): Promise<object[]> {
  const {platform, auth, signal = new AbortController().signal} = options;
  const messages: object[] = [];
  for await (const message of await images.pull({reference, platform, auth, signal})) {
    messages.push(message);
  }
  return messages;
}
