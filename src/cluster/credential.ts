import {readFile} from 'node:fs/promises';

import {InvalidRequest} from '../errors.ts';

/** What a request needs to be let in. Two credentials are the same object unless something in them changed. */
export interface Credential {
  headers: Record<string, string>;
  /** A client certificate, PEM. */
  cert?: string | Buffer;
  key?: string | Buffer;
}

export interface Credentials {
  /** The credential to use now; may run the user's plugin. Concurrent callers share one run. */
  current(): Promise<Credential>;
  /** The server answered 401 to this one: forget it. True if another one may be had, so that a second try makes sense. */
  refuse(credential: Credential): boolean;
}

/** The credential with this bearer token added. */
export function withToken(base: Credential, token: string): Credential {
  return {...base, headers: {...base.headers, authorization: `Bearer ${token.trim()}`}};
}

/** Embedded data wins over a file, as in client-go. */
export async function pem(data: string | undefined, path: string | undefined): Promise<Buffer | undefined> {
  if (data !== undefined) return Buffer.from(data, 'base64');
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new InvalidRequest(`The file ${path} that the kubeconfig names cannot be read.`, {
      reason: 'kubeconfig',
      cause: error,
    });
  }
}
