import {BadideaCommand} from './terminal/badidea-command.ts';

export default class Env extends BadideaCommand {
  static override summary = 'Print the shell line that points docker and its libraries to badidea';
  static override description =
    'For programs that do not know docker contexts, as Testcontainers. Works whether the daemon runs or not.';
  static override examples = ['eval "$(<%= config.bin %> env)"'];

  async run(): Promise<void> {
    const {flags} = await this.parse(Env);
    const {exportLine} = await import('./actions/export-line.ts');
    process.stdout.write(exportLine(flags.profile, process.env));
  }
}
