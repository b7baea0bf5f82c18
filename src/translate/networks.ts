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
  {Name: 'bridge', Driver: 'bridge', Id: '436a1b8c590278cf91f5003a66db6eba197d455ee6f801ff753930a99ec4bfd1'},
  {Name: 'host', Driver: 'host', Id: '49979168cace6a72d9f7e21ae6a16a57a121d670ba5d894a3e172ece08a4af33'},
  {Name: 'none', Driver: 'null', Id: 'fb5b3caeb1fa3ffdaaf48621f28a6e581e7e1b3c35757c31df85d72144a791c3'},
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
