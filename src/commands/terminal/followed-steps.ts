import type {Steps} from './steps.ts';

/** Steps that happen in the daemon, shown here as they are told. */
export interface FollowedSteps {
  stepStarted(title: string): void;
  stepDone(title: string, detail?: string): void;
  stepFailed(title: string): void;
  /** Resolves when everything told so far is on the screen; a step that is still open counts as failed. */
  settled(): Promise<void>;
}

export function followSteps(steps: Steps): FollowedSteps {
  let open: PromiseWithResolvers<string | undefined> | undefined;
  let shown: Promise<unknown> = Promise.resolve();

  function close(): void {
    open?.reject(new Error('the step failed'));
    open = undefined;
  }

  return {
    stepStarted(title) {
      close();
      const step = Promise.withResolvers<string | undefined>();
      step.promise.catch(() => undefined);
      open = step;
      // The error itself comes on another way and is told once.
      shown = shown
        .then(() =>
          steps.run(
            title,
            () => step.promise,
            detail => detail ?? '',
          ),
        )
        .catch(() => undefined);
    },
    stepDone(_, detail) {
      open?.resolve(detail);
      open = undefined;
    },
    stepFailed: close,
    async settled() {
      close();
      await shown;
    },
  };
}
