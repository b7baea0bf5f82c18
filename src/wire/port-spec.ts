/** Whether it is a port of a container: `80`, `80/udp`, `8000-8010/tcp`. Port 0 is none. */
export function isPort(spec: string): boolean {
  const [ports = '', protocol = 'tcp', ...rest] = spec.toLowerCase().split('/');
  const range = rangeOf(ports);
  return (
    range !== undefined && range.first > 0 && rest.length === 0 && ['tcp', 'udp', 'sctp'].includes(protocol)
  );
}

/** Whether it is the laptop's port of a binding: empty and `0` mean any free one, `8000-8010` the first free one of these. */
export function isHostPort(spec: string): boolean {
  return spec === '' || rangeOf(spec) !== undefined;
}

function rangeOf(ports: string): {first: number; last: number} | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  return match && last <= 65_535 && first <= last ? {first, last} : undefined;
}
