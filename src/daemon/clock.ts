/** A wall clock that steps back further than this was set by somebody: it is followed. Nanoseconds. */
const SET_BACK = 1_000_000_000n;

/** Nanoseconds since 1970 by the wall clock, each time later than the one before: `docker ps` and `docker events` sort by them. */
export function createClock(wall: () => number = Date.now): () => bigint {
  let last = 0n;
  return () => {
    const time = BigInt(wall()) * 1_000_000n;
    last = time > last || last - time > SET_BACK ? time : last + 1n;
    return last;
  };
}
