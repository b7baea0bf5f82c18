import * as Flags from '@oclif/core/flags';

import {BadideaCommand, jsonFlag} from './terminal/badidea-command.ts';

export default class Up extends BadideaCommand {
  static override summary =
    'Start the daemon for a Kubernetes namespace, and make the docker context "badidea" for it';
  static override description =
    'Names cluster, namespace and user first, and asks once when the cluster does not look like one on this machine. Run again, it changes nothing.';
  static override examples = [
    '<%= config.bin %> up',
    '<%= config.bin %> up --kube-context kind-dev --namespace dev --use',
    '<%= config.bin %> up --tcp 127.0.0.1:2376',
  ];
  static override flags = {
    'kube-context': Flags.string({
      description: 'context of the kubeconfig; default: the current one',
      helpValue: 'NAME',
    }),
    kubeconfig: Flags.string({description: 'default: KUBECONFIG, else ~/.kube/config', helpValue: 'FILE'}),
    namespace: Flags.string({
      char: 'n',
      description: "default: the context's, else default; made if you may",
      helpValue: 'NS',
    }),
    use: Flags.boolean({
      description: 'make it the current docker context; `down` gives the previous one back',
    }),
    tcp: Flags.string({
      description: 'also listen here, with mutual TLS; the docker context then points here',
      helpValue: '127.0.0.1:PORT',
    }),
    yes: Flags.boolean({char: 'y', description: 'do not ask'}),
    json: jsonFlag,
  };

  private readonly interruption = new AbortController();

  async run(): Promise<void> {
    const {flags} = await this.parse(Up);
    const {bringUp} = await import('./actions/bring-up.ts');
    await bringUp({
      profile: flags.profile,
      kubeContext: flags['kube-context'],
      kubeconfig: flags.kubeconfig,
      namespace: flags.namespace,
      tcp: flags.tcp,
      use: flags.use,
      agreed: flags.yes,
      json: flags.json,
      version: this.config.version,
      env: process.env,
      signal: this.interruption.signal,
    });
  }

  protected override interrupted(): void {
    // The daemon that is starting loses its channel with this process, and ends.
    this.interruption.abort(new Error('interrupted'));
    process.exit(130);
  }
}
