/** One entry of NetworkSettings.Networks. */
export interface EndpointAnswer {
  EndpointID: string;
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
  [field: string]: unknown;
}

/** The three networks that every Docker has. Their ids are fixed: they are the same network for every daemon. */
const PREDEFINED = [
  {Name: 'bridge', Driver: 'bridge', Id: '62616469646561000000000000000000000000000000000000006272696467650a'.slice(0, 64)},
  {Name: 'host', Driver: 'host', Id: '6261646964656100000000000000000000000000000000000000000000686f7374'.slice(0, 64)},
  {Name: 'none', Driver: 'null', Id: '626164696465610000000000000000000000000000000000000000006e6f6e6500'.slice(0, 64)},
] as const;

export const BRIDGE_ID = PREDEFINED[0].Id;

/** A container's place in the default network; empty before it runs. The Pod network has no subnet that a Pod could know: a /32. */
export function bridgeEndpoint(containerId: string, podIp: string | undefined): EndpointAnswer {
  const up = podIp !== undefined;
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: null,
    MacAddress: '',
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: up ? BRIDGE_ID : '',
    EndpointID: up ? containerId : '',
    Gateway: '',
    IPAddress: podIp ?? '',
    IPPrefixLen: up ? 32 : 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  };
}

/** A running container in the default network, for `docker network inspect bridge`. */
export interface NetworkMember {
  id: string;
  name: string;
  podIp: string;
}

/** bridge, host and none as `GET /networks` shows them. `created`: RFC 3339. */
export function predefinedNetworks(created: string, members: NetworkMember[]): Record<string, unknown>[] {
  return PREDEFINED.map(({Name, Driver, Id}) => ({
    Name,
    Id,
    Created: created,
    Scope: 'local',
    Driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: {Driver: 'default', Options: null, Config: Driver === 'bridge' ? [] : null},
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: {Network: ''},
    ConfigOnly: false,
    Containers: Driver === 'bridge' ? containers(members) : {},
    Options: Driver === 'bridge' ? {'com.docker.network.bridge.default_bridge': 'true'} : {},
    Labels: {},
  }));
}

function containers(members: NetworkMember[]): Record<string, object> {
  return Object.fromEntries(
    members.map(({id, name, podIp}) => [
      id,
      {Name: name, EndpointID: id, MacAddress: '', IPv4Address: `${podIp}/32`, IPv6Address: ''},
    ]),
  );
}
