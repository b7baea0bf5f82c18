import {InvalidRequest} from '../errors.ts';

/** Splits a request's target into its decoded path and its query. A path with `..`, empty segments or control characters is refused (T-14). */
export function readTarget(target: string): {path: string; query: URLSearchParams} {
  const mark = target.indexOf('?');
  const path = decode(mark === -1 ? target : target.slice(0, mark));
  if (/(^|\/)\.{1,2}(\/|$)|\/\/|\p{Cc}/u.test(path)) {
    throw new InvalidRequest(
      `invalid path ${JSON.stringify(path)}: it has empty or relative parts, or control characters`,
    );
  }
  return {path, query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1))};
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new InvalidRequest(
      `invalid path ${JSON.stringify(path)}: a percent sign is not followed by the code of a character`,
    );
  }
}
