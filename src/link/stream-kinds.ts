/** PROTOCOL.md, "Streams": the first byte of OPEN. */
export const streamKind = {stdin: 1, output: 2, exec: 3, dial: 4, walk: 5, apply: 6} as const;
