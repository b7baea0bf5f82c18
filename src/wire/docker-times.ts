import {InvalidRequest} from '../errors.ts';

/** Go's zero time, which Docker prints for "never". */
export const zeroTime = '0001-01-01T00:00:00Z';

/** RFC 3339 in UTC, always with nine digits after the point: what `logs -t` puts before a line. */
export function nanoTime(nanoseconds: bigint): string {
  const {whole, fraction} = split(nanoseconds);
  return `${whole}.${fraction}Z`;
}

/** RFC3339Nano as Go prints it: nine digits without the zeros at the end (`Created`, `StartedAt`). */
export function goTime(nanoseconds: bigint): string {
  const {whole, fraction} = split(nanoseconds);
  const digits = fraction.replace(/0+$/, '');
  return `${whole}${digits && `.${digits}`}Z`;
}

/** `since` and `until`: Unix seconds with an optional fraction, to nanoseconds. Absent and empty: undefined. */
export function parseTimestamp(text: string | undefined): bigint | undefined {
  if (!text) return undefined;
  const match = /^([+-]?)(\d{1,12})(?:\.(\d*))?$/.exec(text);
  if (!match) throw new InvalidRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const [, sign, seconds = '0', fraction = ''] = match;
  const nanoseconds = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -nanoseconds : nanoseconds;
}

/** As `parseTimestamp`; 0 means "no bound" too, as the clients send it (`since=0`, `until=0`). */
export function parseBound(text: string | undefined): bigint | undefined {
  return parseTimestamp(text) || undefined;
}

function split(nanoseconds: bigint): {whole: string; fraction: string} {
  let fraction = nanoseconds % 1_000_000_000n;
  if (fraction < 0n) fraction += 1_000_000_000n;
  const milliseconds = Number((nanoseconds - fraction) / 1_000_000n);
  return {
    whole: new Date(milliseconds).toISOString().slice(0, 19),
    fraction: String(fraction).padStart(9, '0'),
  };
}
