import * as Flags from '@oclif/core/flags';

import {BadideaCommand} from './terminal/badidea-command.ts';

export default class Role extends BadideaCommand {
  static override summary = 'Print the Role that badidea needs in its namespace, as YAML';
  static override examples = ['<%= config.bin %> role --namespace dev | kubectl apply -f -'];
  static override flags = {
    namespace: Flags.string({
      char: 'n',
      description: 'the namespace of the Role',
      default: 'default',
      helpValue: 'NS',
    }),
  };

  async run(): Promise<void> {
    const {flags} = await this.parse(Role);
    const {roleYaml} = await import('./actions/role-yaml.ts');
    process.stdout.write(roleYaml(flags.namespace));
  }
}
