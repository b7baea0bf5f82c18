import {type FieldRules, harmless, ignored, isZero, refused} from './decision.ts';

const theirs = 'the cluster chooses it';
const answer = 'is an answer, not a wish';

/** EndpointSettings: the values of NetworkingConfig.EndpointsConfig, by network. */
export const endpointFields: FieldRules = {
  IPAMConfig: ignored('--ip', theirs, value => isZero(value) || Object.values(Object(value)).every(isZero)),
  Links: refused('--link', {
    code: 'BAD-312',
    sentence: 'Networks of your own, and names on them, are not there yet.',
    fix: 'Leave it out; containers reach each other by IP address, and this machine reaches them by published ports.',
  }),
  Aliases: ignored('--network-alias', 'names on networks are not there yet'),
  DriverOpts: ignored('--network driver-opt', theirs),
  GwPriority: harmless('--network gw-priority', 'there is one network'),
  MacAddress: ignored('--mac-address', theirs),
  NetworkID: harmless('', answer),
  EndpointID: harmless('', answer),
  Gateway: harmless('', answer),
  IPAddress: harmless('', answer),
  IPPrefixLen: harmless('', answer),
  IPv6Gateway: harmless('', answer),
  GlobalIPv6Address: harmless('', answer),
  GlobalIPv6PrefixLen: harmless('', answer),
  DNSNames: harmless('', answer),
};
