import {InvalidRequest, NotSupported} from '../errors.ts';
import {json, stream, type Piece} from '../http/reply.ts';
import {printable} from '../http/status.ts';
import {parseFilters} from '../wire/filters.ts';
import {normalizedReference, parsePullReference} from '../wire/image-reference.ts';
import {progressError, progressLine} from '../wire/progress-lines.ts';
import {optionalText} from '../wire/query-values.ts';
import {parseRegistryAuth} from '../wire/registry-auth.ts';
import {endpoint} from './endpoint.ts';

/** What was pulled, and pulling. */
export const images = [
  endpoint('POST', '/images/create', {
    query: {fromImage: optionalText, fromSrc: optionalText, tag: optionalText, platform: optionalText},
    async handle({query: {fromImage, fromSrc, tag = '', platform}, request: {headers, signal}}, engine) {
      if (fromSrc) throw new NotSupported(importRefusal);
      if (!fromImage) throw new InvalidRequest('invalid reference format');
      const messages = await engine.images.pull({
        reference: normalizedReference(parsePullReference(fromImage, tag)),
        platform,
        auth: parseRegistryAuth(oneOf(headers['x-registry-auth'])),
        signal,
      });
      return stream('application/json', progressPieces(messages));
    },
  }),
  endpoint('GET', '/images/json', {
    query: {filters: parseFilters},
    handle({query, minor}, engine) {
      const list = engine.images.list(query);
      // a real count came with 1.51
      return json(200, minor < 51 ? list.map(image => ({...image, Containers: -1})) : list);
    },
  }),
  endpoint('GET', '/images/{name}/json', {
    handle({params}, engine) {
      return json(200, engine.images.inspect(params.name));
    },
  }),
] as const;

const importRefusal =
  'badidea does not import images from a tar archive (docker import)\nfix: build or push the image to a registry that the cluster can reach, then pull it';

/** The 200 has gone out: a failure from here on is the last object of the stream. */
async function* progressPieces(messages: AsyncIterable<object>): AsyncGenerator<Piece> {
  try {
    for await (const message of messages) yield progressLine(message);
  } catch (error) {
    yield progressLine(progressError(printable(error instanceof Error ? error.message : String(error))));
  }
}

function oneOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
