/** Shows the steps of a command while they run, each with its time and a few words of result. Progress is for people: it goes to stderr. */
export interface Steps {
  run<T>(title: string, work: () => Promise<T>, detail?: (result: T) => string): Promise<T>;
}

/** A terminal that does not tell its width has 0, where each letter would get a line. */
const narrowest = 40;

/** Live lines on a terminal, one finished line a step elsewhere, nothing when `quiet`. */
export async function stepsFor(quiet: boolean): Promise<Steps> {
  if (quiet) return {run: (_, work) => work()};
  const live = process.stderr.isTTY && process.stdout.isTTY && process.stderr.columns >= narrowest;
  return live ? liveSteps() : plainSteps(process.stderr);
}

/** One line a step, written when it is done. */
export function plainSteps(out: {write(text: string): unknown}): Steps {
  return {
    async run(title, work, detail) {
      const started = performance.now();
      try {
        const result = await work();
        out.write(`✔ ${line(title, started, detail?.(result))}\n`);
        return result;
      } catch (error) {
        out.write(`✖ ${line(title, started)}\n`);
        throw error;
      }
    },
  };
}

async function liveSteps(): Promise<Steps> {
  const {Listr, ListrLogger, ProcessOutput} = await import('listr2');
  return {
    async run(title, work, detail) {
      const started = performance.now();
      const done = Promise.withResolvers<Awaited<ReturnType<typeof work>>>();
      const task = {
        title,
        task: async (_: unknown, shown: {title: string}) => {
          try {
            const result = await work();
            shown.title = line(title, started, detail?.(result));
            done.resolve(result);
          } catch (error) {
            shown.title = line(title, started);
            throw error;
          }
        },
      };
      // listr2 writes to what it calls stdout; ours is the terminal's stderr, for stdout is data.
      const logger = new ListrLogger({
        useIcons: true,
        toStderr: [],
        processOutput: new ProcessOutput(process.stderr, process.stdout),
      });
      await new Listr([task], {
        registerSignalListeners: false,
        rendererOptions: {logger, showErrorMessage: false},
      }).run();
      return done.promise;
    },
  };
}

function line(title: string, started: number, detail?: string): string {
  const seconds = `${((performance.now() - started) / 1000).toFixed(1)}s`;
  return `${title.padEnd(28)} ${seconds.padStart(6)}${detail ? `  ${detail}` : ''}`;
}
