import {DaemonError, InvalidRequest} from '../errors.ts';
import {stream, type Piece} from '../http/reply.ts';
import {parseTimestamp} from '../wire/docker-times.ts';
import {type DockerEvent, eventFilterKeys, eventLine} from '../wire/events.ts';
import {parseFilters, requireKnownFilters} from '../wire/filters.ts';
import {endpoint} from './endpoint.ts';

export const events = [
  endpoint('GET', '/events', {
    query: {since: eventTime, until: eventTime, filters: parseFilters},
    handle({query: {since, until, filters}, request: {signal}, minor}, engine) {
      requireKnownFilters(filters, eventFilterKeys);
      if (since && until && since.time > until.time) {
        throw new InvalidRequest(
          `\`since\` time (${since.text}) cannot be after \`until\` time (${until.text})`,
        );
      }
      const wanted = engine.events.subscribe({since: since?.time, until: until?.time, filters, signal});
      return stream('application/json', eventPieces(wanted, minor, signal));
    },
  }),
] as const;

async function* eventPieces(
  wanted: AsyncIterable<DockerEvent>,
  minor: number,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  try {
    for await (const event of wanted) {
      // the action came with 1.46
      if (minor < 46 && event.Type === 'image' && event.Action === 'create') continue;
      yield eventLine(event, minor);
    }
  } catch (error) {
    // the client is gone: no failure
    if (!signal.aborted) throw error;
  }
}

/** moby answers 500 to junk here. */
function eventTime(text: string | undefined): {time: bigint; text: string} | undefined {
  try {
    const time = parseTimestamp(text);
    return time === undefined || text === undefined ? undefined : {time, text};
  } catch (error) {
    throw error instanceof InvalidRequest ? new DaemonError(error.message) : error;
  }
}
