import {BadideaCommand, jsonFlag} from './terminal/badidea-command.ts';

export default class Status extends BadideaCommand {
  static override summary = 'Say whether the daemon runs, for which cluster, and how it is';
  static override description =
    'Exit code: 0 running, 3 not running or something is wrong, 4 the cluster is out of reach.';
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --json'];
  static override flags = {json: jsonFlag};

  async run(): Promise<void> {
    const {flags} = await this.parse(Status);
    const {reportStatus} = await import('./actions/report-status.ts');
    const code = await reportStatus({...flags, version: this.config.version, env: process.env});
    if (code !== 0) this.exit(code);
  }
}
