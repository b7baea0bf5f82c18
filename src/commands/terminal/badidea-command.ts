// By its parts: the whole of oclif costs 50 ms more at each start.
import {Command} from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';

import {showFailure} from './show-failure.ts';

/** What all commands share: `--profile`, `--json`, how an error is shown, and which exit code it gives. */
export abstract class BadideaCommand extends Command {
  static override baseFlags = {
    profile: Flags.string({
      description: 'one of several daemons side by side',
      default: 'default',
      env: 'BADIDEA_PROFILE',
      helpValue: 'NAME',
    }),
  };

  override async init(): Promise<void> {
    await super.init();
    process.once('SIGINT', () => this.interrupted());
  }

  protected override async catch(error: Error & {exitCode?: number}): Promise<never> {
    return this.exit(await showFailure(error, {json: this.argv.includes('--json')}));
  }

  /** Ctrl-C. A command that has begun something overrides it. */
  protected interrupted(): void {
    process.exit(130);
  }
}

export const jsonFlag = Flags.boolean({description: 'print one JSON object on stdout, and no progress'});
