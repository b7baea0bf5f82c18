/**
 * How the link fails. Three kinds, because who reads must act differently: the agent said no (AgentError), the stream or session is gone (LinkLost), or the agent
 * broke the protocol (ProtocolViolation, which also ends the session).
 */

/** What the agent was doing when a request or an exec failed; PROTOCOL.md, "Stages". */
export const stage = {state: 1, user: 2, cwd: 3, program: 4, terminal: 5, limits: 6} as const;

/** The agent refused a request, or a process did not start. `errno` is Linux's number, `code` its name, `stage` one of `stage` (0 if there is none). */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly stage: number;
  readonly errno: number;
  readonly code: string;

  constructor(problem: {stage: number; errno: number; message: string}) {
    const code = errnoName(problem.errno);
    super(problem.message === '' ? `the agent refused: ${code}` : problem.message);
    this.stage = problem.stage;
    this.errno = problem.errno;
    this.code = code;
  }
}

/** The session with the agent has ended (the agent was restarted, or `close` was called), and with it everything that was open. */
export class LinkLost extends Error {
  override readonly name = 'LinkLost';
  readonly code = 'ELINKLOST';
}

/** The agent sent what the protocol does not allow. The message says what. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
  readonly code = 'EPROTO';
}

/** The error of a stream that ended by RESET, shaped like Node's own socket errors: `code` ECONNREFUSED and so on. */
export function resetError(errno: number, text: string): AgentError {
  const code = errnoName(errno);
  return new AgentError({stage: 0, errno, message: text === '' ? code : `${code}: ${text}`});
}

/** Linux's name of an errno: the agent is Linux, this machine may not be, so `os.constants.errno` would be wrong. */
export function errnoName(errno: number): string {
  return errnoNames[errno] ?? `E${errno}`;
}

/** Text from the agent as it may be shown: at most 4 KiB, control and direction characters escaped. */
export function shownText(bytes: Buffer): string {
  const text = bytes.subarray(0, 4096).toString('utf8');
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

const errnoNames: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  3: 'ESRCH',
  4: 'EINTR',
  5: 'EIO',
  6: 'ENXIO',
  7: 'E2BIG',
  8: 'ENOEXEC',
  9: 'EBADF',
  10: 'ECHILD',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  14: 'EFAULT',
  16: 'EBUSY',
  17: 'EEXIST',
  18: 'EXDEV',
  19: 'ENODEV',
  20: 'ENOTDIR',
  21: 'EISDIR',
  22: 'EINVAL',
  23: 'ENFILE',
  24: 'EMFILE',
  25: 'ENOTTY',
  26: 'ETXTBSY',
  27: 'EFBIG',
  28: 'ENOSPC',
  30: 'EROFS',
  31: 'EMLINK',
  32: 'EPIPE',
  36: 'ENAMETOOLONG',
  38: 'ENOSYS',
  39: 'ENOTEMPTY',
  40: 'ELOOP',
  61: 'ENODATA',
  71: 'EPROTO',
  75: 'EOVERFLOW',
  90: 'EMSGSIZE',
  92: 'ENOPROTOOPT',
  95: 'EOPNOTSUPP',
  97: 'EAFNOSUPPORT',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
  100: 'ENETDOWN',
  101: 'ENETUNREACH',
  103: 'ECONNABORTED',
  104: 'ECONNRESET',
  105: 'ENOBUFS',
  110: 'ETIMEDOUT',
  111: 'ECONNREFUSED',
  112: 'EHOSTDOWN',
  113: 'EHOSTUNREACH',
  114: 'EALREADY',
  115: 'EINPROGRESS',
  122: 'EDQUOT',
  125: 'ECANCELED',
};
