import {z} from 'zod';

import {DaemonError, NotFound} from '../errors.ts';
import {type ImageReference, familiarName, familiarReference} from '../wire/image-reference.ts';
import {explained} from './explained.ts';
import type {RegistryAnswer} from './registry-http.ts';

const ErrorBody = z.object({
  errors: z.array(z.object({code: z.string().nullish(), message: z.string().nullish()})).nullish(),
  details: z.string().nullish(),
  message: z.string().nullish(),
});

const longest = 500;

/** What a registry said that is not 200, in its own words: 500 in Docker's API. */
export function registryFailure(answer: RegistryAnswer, who: string): DaemonError {
  const {code, message} = complaint(answer);
  if (answer.status === 429 || code === 'TOOMANYREQUESTS') {
    return new DaemonError(
      explained(`toomanyrequests: ${message || 'too many requests'}`, {
        why: `${who} limits how often images are asked for.`,
        fix: "Wait, log in with docker login, or name a mirror under `registries` in badidea's settings.",
      }),
    );
  }
  const said = [words(code), message].filter(text => text !== '').join(': ');
  return new DaemonError(
    said === ''
      ? `${who} answered with status ${answer.status}`
      : `${said} (${who}, status ${answer.status})`,
  );
}

/**
 * The answer to a manifest that could not be had, in the sentences that clients of Docker look for: an unknown tag, and a repository that is not there or
 * not ours to see, which registries do not tell apart.
 */
export function pullFailure(answer: RegistryAnswer, reference: ImageReference, who: string): DaemonError {
  const {code, message} = complaint(answer);
  const said = [words(code), message].filter(text => text !== '').join(': ');
  if (answer.status === 401 || answer.status === 403 || code === 'DENIED' || code === 'UNAUTHORIZED') {
    return new NotFound(
      `pull access denied for ${familiarName(reference)}, repository does not exist or may require 'docker login': ` +
        (code === 'DENIED' ? said : `denied: ${message || 'requested access to the resource is denied'}`),
    );
  }
  if (code === 'NAME_UNKNOWN') {
    return new NotFound(`repository ${familiarName(reference)} not found: ${said}`);
  }
  if (answer.status === 404) {
    return new NotFound(
      `manifest for ${familiarReference(reference)} not found: ${said || 'manifest unknown: manifest unknown'}`,
    );
  }
  return registryFailure(answer, who);
}

function complaint({body}: RegistryAnswer): {code: string; message: string} {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    return {code: '', message: ''};
  }
  const parsed = ErrorBody.safeParse(json).data;
  const first = parsed?.errors?.[0];
  return {
    code: printable(first?.code ?? ''),
    message: printable(first?.message ?? parsed?.details ?? parsed?.message ?? ''),
  };
}

/** MANIFEST_UNKNOWN → `manifest unknown`, as Docker prints codes. */
function words(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ');
}

/** A registry's text reaches a terminal: no control characters, and not without end. */
function printable(text: string): string {
  return text
    .slice(0, longest)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}
