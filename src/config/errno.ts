/** Whether an error is the operating system's of that name (`ENOENT`). */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
