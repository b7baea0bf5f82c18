import {InvalidRequest, TooLarge} from '../errors.ts';

/** How long a client may take to send a body that is read as a whole; uploads that are streamed have no limit. */
const bodyDeadline = 30_000;

/** Gathers a request's body. `length`: what Content-Length says. The signal ends the wait for it. */
export async function gatherBody(
  chunks: AsyncIterable<Buffer>,
  {length, limit, signal}: {length: number | undefined; limit: number; signal: AbortSignal},
): Promise<Buffer> {
  if (length !== undefined && length > limit) throw tooLarge(limit);
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    deadline.reject(new InvalidRequest(`the request's body did not arrive within ${bodyDeadline / 1000} s`));
  }, bodyDeadline);
  const abort = (): void => deadline.reject(signal.reason);
  signal.addEventListener('abort', abort, {once: true});
  try {
    return await Promise.race([gather(chunks, limit), deadline.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

async function gather(chunks: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
  const gathered: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    gathered.push(chunk);
  }
  return Buffer.concat(gathered, size);
}

function tooLarge(limit: number): TooLarge {
  return new TooLarge(
    `the request's body is larger than the ${limit} bytes that badidea takes for this request`,
  );
}
