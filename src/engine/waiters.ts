import type {WaitCondition, WaitResult} from '../api/engine.ts';

/** Who waits for a container to end or to go. A latch: an exit within a millisecond of the start reaches whoever asked before it. */
export class Waiters {
  readonly #exit = new Set<(result: WaitResult) => void>();
  readonly #removed = new Set<(result: WaitResult) => void>();

  add(condition: WaitCondition, signal: AbortSignal): Promise<WaitResult> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const waiting = condition === 'removed' ? this.#removed : this.#exit;
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting.delete(settled);
        reject(signal.reason);
      };
      const settled = (result: WaitResult) => {
        signal.removeEventListener('abort', leave);
        resolve(result);
      };
      waiting.add(settled);
      signal.addEventListener('abort', leave, {once: true});
    });
  }

  exited(exitCode: number): void {
    settle(this.#exit, {StatusCode: exitCode});
  }

  removed(exitCode: number): void {
    settle(this.#exit, {StatusCode: exitCode});
    settle(this.#removed, {StatusCode: exitCode});
  }
}

function settle(waiting: Set<(result: WaitResult) => void>, result: WaitResult): void {
  for (const resolve of waiting) resolve(result);
  waiting.clear();
}
