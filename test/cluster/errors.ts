/** Something the person at the terminal can put right: the message says what and how; no stack is shown. */
export class ClusterError extends Error {
  override name = 'ClusterError';
}
