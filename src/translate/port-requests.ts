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
  const all = PublishAllPorts ? exposedPorts(record).filter(port => !bound.has(port)) : [];
  const requests = [...bindings, ...all.map(containerPort => ({containerPort, hostIp: '', hostPorts: [0]}))];
  return requests.map(request => asBefore(request, before));
}

function asBefore(request: PortRequest, before: PublishedPort[]): PortRequest {
  const port = before.find(
    ({containerPort, hostIp}) =>
      containerPort === request.containerPort && (request.hostIp === '' || request.hostIp === hostIp),
  );
  const fits =
    port !== undefined && (request.hostPorts.includes(0) || request.hostPorts.includes(port.hostPort));
  return fits ? {...request, hostPorts: [port.hostPort]} : request;
}

/** `8080`, `8000-8010` (the first that is free), empty or `0` (any). */
function hostPorts(text: string): number[] {
  const [first, last] = text.split('-', 2).map(Number);
  if (first === undefined || first === 0) return [0];
  return Array.from({length: Math.max(1, (last ?? first) - first + 1)}, (_, index) => first + index);
}
