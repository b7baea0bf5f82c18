import * as Flags from '@oclif/core/flags';

import {BadideaCommand, jsonFlag} from './terminal/badidea-command.ts';

export default class Down extends BadideaCommand {
  static override summary =
    'Stop the daemon and give the previous docker context back; containers keep running in the cluster';
  static override examples = ['<%= config.bin %> down', '<%= config.bin %> down --remove'];
  static override flags = {
    remove: Flags.boolean({
      description: 'first remove everything of ours from the namespace, and the docker context',
    }),
    json: jsonFlag,
  };

  async run(): Promise<void> {
    const {flags} = await this.parse(Down);
    const {takeDown} = await import('./actions/take-down.ts');
    const {leftovers} = await takeDown({...flags, version: this.config.version, env: process.env});
    if (leftovers) this.exit(10);
  }
}
