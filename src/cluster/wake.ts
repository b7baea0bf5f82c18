/** How long a tick may be late before it can only be that the machine slept. */
const gapMs = 20_000;
const tickMs = 10_000;

/**
 * Calls `woke` when the machine has slept: the wall clock then runs ahead of the ticks. Connections from before look alive and are dead; TCP would take minutes
 * to tell. Returns the function that ends it.
 */
export function onWake(woke: () => void): () => void {
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > tickMs + gapMs) woke();
    last = now;
  }, tickMs).unref();
  return () => clearInterval(timer);
}
