import {exposedPorts} from './container-answers.ts';
import type {ContainerRecord, PublishedPort} from './container-record.ts';

/** As `ports/` takes it. */
export interface PortRequest {
  containerPort: string;
  hostIp: string;
  hostPorts: number[];
}

/** What `-p` and `-P` ask for. `before`: the ports of this run under an earlier daemon, which come back as they were. */
export function portRequests(record: ContainerRecord, before: PublishedPort[] = []): PortRequest[] {
  const {PortBindings, PublishAllPorts} = record.request.HostConfig;
  const bindings = Object.entries(PortBindings).flatMap(([port, list]) => {
    const containerPort = port.includes('/') ? port : `${port}/tcp`;
    const wanted = list.length === 0 ? [{HostIp: '', HostPort: ''}] : list;
    return wanted.map(({HostIp, HostPort}) => ({
      containerPort,
      hostIp: HostIp,
      hostPorts: hostPorts(HostPort),
    }));
  });
  const bound = new Set(bindings.map(({containerPort}) => containerPort));
  // Only TCP can be published: a TCP listener for a UDP port would be a lie.
  const others = exposedPorts(record).filter(port => port.endsWith('/tcp') && !bound.has(port));
  const all = PublishAllPorts
    ? others.map(containerPort => ({containerPort, hostIp: '', hostPorts: [0]}))
    : [];
  return asBefore([...bindings, ...all], before);
}

/** Fixed ports take theirs first, and what is left comes back where any port would do. */
function asBefore(requests: PortRequest[], before: PublishedPort[]): PortRequest[] {
  const left = new Set(before);
  const again = new Map<PortRequest, number>();
  for (const request of requests.toSorted(
    (one, other) => Number(one.hostPorts.includes(0)) - Number(other.hostPorts.includes(0)),
  )) {
    const found = [...left].find(port => fits(port, request));
    if (!found) continue;
    again.set(request, found.hostPort);
    for (const port of left)
      if (port.containerPort === found.containerPort && port.hostPort === found.hostPort) left.delete(port);
  }
  return requests.map(request => {
    const port = again.get(request);
    return port === undefined ? request : {...request, hostPorts: [port]};
  });
}

function fits({containerPort, hostIp, hostPort}: PublishedPort, request: PortRequest): boolean {
  return (
    containerPort === request.containerPort &&
    (request.hostIp === '' || request.hostIp === hostIp) &&
    (request.hostPorts.includes(0) || request.hostPorts.includes(hostPort))
  );
}

/** `8080`, `8000-8010` (the first that is free), empty or `0` (any). */
function hostPorts(text: string): number[] {
  const [first, last] = text.split('-', 2).map(Number);
  if (first === undefined || first === 0) return [0];
  return Array.from({length: Math.max(1, (last ?? first) - first + 1)}, (_, index) => first + index);
}
