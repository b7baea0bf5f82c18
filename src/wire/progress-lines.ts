/** One object of a progress stream (pull, push, build, load): its JSON, ended by CRLF. */
export function progressLine(progress: object): string {
  return `${JSON.stringify(progress)}\r\n`;
}

/** The object that ends a progress stream which failed after its 200 was sent: clients read the newer field or the older. */
export function progressError(message: string): {errorDetail: {message: string}; error: string} {
  return {errorDetail: {message}, error: message};
}
