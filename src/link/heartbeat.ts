import type {Session} from './session.ts';

export interface HeartbeatOptions {
  /** How often to look; if nothing was heard since the last time, the agent is asked. */
  intervalMs: number;
  /** Asked for this long without an answer, the connection is dead. Counted in looks, so that a process that was stopped itself blames nobody. */
  timeoutMs: number;
}

/** More than the clock's own corrections, less than any sleep that kills a connection. */
const jumpMs = 10_000;

/** Watches one link with one timer that keeps no process alive. Returns what stops it. */
export function startHeartbeat(options: HeartbeatOptions, session: Session, onWake: () => void): () => void {
  let wall = Date.now();
  let looked = performance.now();
  let quiet = 0;
  const timer = setInterval(() => {
    const passed = Date.now() - wall;
    wall += passed;
    const heard = session.heardAt === undefined || session.heardAt > looked;
    looked = performance.now();
    quiet = heard ? 0 : quiet + 1;
    if (passed > options.intervalMs + jumpMs) {
      onWake();
      session.drop(new Error(`the machine slept: the clock went on by ${Math.round(passed / 1000)} s`));
    } else if (quiet * options.intervalMs > options.timeoutMs) {
      session.drop(new Error(`nothing was heard from the agent for ${quiet * options.intervalMs} ms`));
    } else if (quiet > 0) {
      session.ping();
    }
  }, options.intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
