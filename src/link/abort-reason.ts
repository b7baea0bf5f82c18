/** Why a signal has aborted, as an Error: anything may be a reason. */
export function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted', {cause: reason});
}
