/** What the agent says of a process that it could not run (PROTOCOL.md, FAILED and ERROR). */
export interface ProcessFailure {
  stage: number;
  errno: number;
  message: string;
}

const STAGE_USER = 2;
const STAGE_CWD = 3;
const STAGE_PROGRAM = 4;
const ENOENT = 2;
const EACCES = 13;
const ENOTDIR = 20;
const EISDIR = 21;
const ENOEXEC = 8;

/**
 * Docker's sentence and exit code for a process that could not be started. The docker CLI chooses its own exit code by parts of the sentence
 * (docker-api reference, 4.5): "executable file not found" and "no such file or directory" are 127, "permission denied" is 126.
 */
export function startFailure(
  failure: ProcessFailure,
  process: {program: string; cwd: string},
  kind: 'container' | 'exec' = 'container',
) {
  // The agent says it in Docker's words.
  if (failure.stage === STAGE_USER) return {message: failure.message, exitCode: 126};
  // A container's directory is made where it is missing; dockerd does so before runc begins.
  if (kind === 'container' && failure.stage === STAGE_CWD && failure.errno === ENOTDIR) {
    return {message: `Cannot mkdir: ${process.cwd} is not a directory`, exitCode: 128};
  }
  const reason = reasonOf(failure, process.program, process.cwd);
  const notFound = failure.errno === ENOENT || failure.errno === ENOTDIR || process.program === '';
  return {message: `${PREFIX[kind]}${reason}: unknown`, exitCode: notFound ? 127 : 126};
}

const PREFIX = {
  container:
    'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ',
  exec: 'OCI runtime exec failed: exec failed: unable to start container process: ',
};

function reasonOf({stage, errno, message}: ProcessFailure, program: string, cwd: string): string {
  if (stage === STAGE_CWD)
    return `chdir to cwd (${JSON.stringify(cwd)}) set in config.json failed: ${words(errno, message)}`;
  const name = JSON.stringify(program);
  if (program === '') return `exec: ${name}: executable file not found in $PATH`;
  if (stage !== STAGE_PROGRAM) return message;
  if (errno === ENOENT && !program.includes('/')) return `exec: ${name}: executable file not found in $PATH`;
  if (errno === ENOENT || errno === ENOTDIR)
    return `exec: ${name}: stat ${program}: ${words(errno, message)}`;
  return `exec: ${name}: ${words(errno === EISDIR ? EACCES : errno, message)}`;
}

function words(errno: number, message: string): string {
  switch (errno) {
    case ENOENT:
      return 'no such file or directory';
    case EACCES:
      return 'permission denied';
    case ENOTDIR:
      return 'not a directory';
    case ENOEXEC:
      return 'exec format error';
    default:
      return message;
  }
}
