import {InvalidRequest} from '../errors.ts';
import {isHostPort} from '../wire/port-spec.ts';

/** A test for the ports that a filter of `docker ps` asks for: `80`, `80/udp`, `8000-8010/tcp`. @throws InvalidRequest */
export function portFilter(key: string, text: string): (port: number, protocol: string) => boolean {
  const [range = '', wanted = 'tcp'] = text.split('/', 2);
  if (range === '' || !isHostPort(range)) throw new InvalidRequest(`invalid filter '${key}=${text}'`);
  const [first = 0, last = first] = range.split('-', 2).map(Number);
  return (port, protocol) => protocol === wanted && first <= port && port <= last;
}
