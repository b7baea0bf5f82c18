import type {Session} from './session.ts';

export interface HeartbeatOptions {
  /** Asks whether the agent is there when nothing was heard for this long. */
  intervalMs: number;
  /** Nothing heard for this long: the connection is dead. */
  timeoutMs: number;
}

/** More than the clock's own corrections, less than any sleep that kills a connection. */
const jumpMs = 10_000;

/** Watches one link with one timer that keeps no process alive. Returns what stops it. */
export function startHeartbeat(options: HeartbeatOptions, session: Session, onWake: () => void): () => void {
  let wall = Date.now();
  const timer = setInterval(() => {
    const passed = Date.now() - wall;
    wall += passed;
    if (passed > options.intervalMs + jumpMs) {
      onWake();
      session.drop(new Error(`the machine slept: the clock went on by ${Math.round(passed / 1000)} s`));
      return;
    }
    if (session.heardAt === undefined) return;
    const quiet = performance.now() - session.heardAt;
    if (quiet >= options.timeoutMs)
      session.drop(new Error(`nothing was heard from the agent for ${Math.round(quiet)} ms`));
    else if (quiet >= options.intervalMs / 2) session.ping();
  }, options.intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
