import {
  type FieldRule,
  type Findings,
  type PolicySettings,
  depends,
  elementsOf,
  entriesOf,
  nothing,
  shown,
  textOf,
  together,
  violation,
} from './decision.ts';

export const portBindings: FieldRule = depends(
  '--publish',
  'TCP, on the loopback of this machine (both 127.0.0.1 and ::1 if no address is given); UDP and SCTP, and other addresses unless the setting allows them, are refused (BAD-308)',
  (value, _, settings) =>
    together(entriesOf(value).map(([port, bindings]) => judgeBinding(port, elementsOf(bindings), settings))),
);

function judgeBinding(port: string, bindings: unknown[], {allowNonLoopback}: PolicySettings): Findings {
  const protocol = /\/([^/]*)$/.exec(port)?.[1]?.toLowerCase() ?? 'tcp';
  if (protocol !== 'tcp') {
    return violation({
      code: 'BAD-308',
      flag: `--publish ${shown(port)}`,
      sentence:
        protocol === 'udp'
          ? 'Publishing UDP ports is not built yet.'
          : `Ports of the protocol ${shown(protocol)} cannot be published.`,
      fix: 'Leave it out, or publish the TCP port if the program has one.',
    });
  }
  const foreign = bindings
    .map(binding => textOf(new Map(entriesOf(binding)).get('HostIp')))
    .filter(address => !isLoopback(address));
  if (allowNonLoopback !== false || foreign.length === 0) {
    return nothing;
  }
  return violation({
    code: 'BAD-308',
    flag: `--publish ${shown(foreign[0])}:…:${shown(port)}`,
    sentence:
      'Published ports are for this machine only, so that nobody else on its network reaches into the cluster.',
    fix: 'Leave the address out, or set forward.allowNonLoopback in the settings of badidea.',
  });
}

function isLoopback(address: string): boolean {
  return (
    address === '' || address === '::1' || address === 'localhost' || /^127(?:\.\d{1,3}){3}$/.test(address)
  );
}
