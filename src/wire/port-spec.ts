import {InvalidRequest} from '../errors.ts';

export type PortProtocol = 'tcp' | 'udp' | 'sctp';

/** Ports of a container: `80/tcp` is from 80 to 80. */
export interface PortRange {
  first: number;
  last: number;
  protocol: PortProtocol;
}

/** Reads a port of a container: `80`, `80/udp`, `8000-8010/tcp`. Port 0 is none. */
export function parsePort(spec: string): PortRange {
  const [ports = '', protocol = 'tcp', ...rest] = spec.toLowerCase().split('/');
  const range = parseRange(ports, spec);
  if (!isProtocol(protocol) || rest.length > 0)
    throw new InvalidRequest(`invalid port specification: "${spec}": invalid proto: ${protocol}`);
  if (range.first === 0) throw invalid(spec);
  return {...range, protocol};
}

/** Reads the laptop's port of a binding: empty and `0` mean any free one (undefined), `8000-8010` the first free one of these. */
export function parseHostPort(spec: string): {first: number; last: number} | undefined {
  if (spec === '') return undefined;
  const range = parseRange(spec, spec);
  return range.last === 0 ? undefined : range;
}

/** Whether `parsePort` takes it. */
export function isPort(spec: string): boolean {
  return succeeds(() => parsePort(spec));
}

/** Whether `parseHostPort` takes it. */
export function isHostPort(spec: string): boolean {
  return succeeds(() => parseHostPort(spec));
}

/** `80/tcp`: how Docker writes a single port. */
export function portKey(port: number, protocol: PortProtocol): string {
  return `${port}/${protocol}`;
}

function parseRange(ports: string, spec: string): {first: number; last: number} {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || last > 65_535 || first > last) throw invalid(spec);
  return {first, last};
}

function isProtocol(text: string): text is PortProtocol {
  return text === 'tcp' || text === 'udp' || text === 'sctp';
}

function invalid(spec: string): InvalidRequest {
  return new InvalidRequest(`invalid port specification: "${spec}"`);
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
