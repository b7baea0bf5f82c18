/** What `docker login` stored for a registry, as the client sends it in X-Registry-Auth. Never logged, never in an error. */
export interface RegistryAuth {
  username: string;
  password: string;
  /** an OAuth refresh token, in place of a password */
  identityToken: string;
  /** a bearer token that is sent to the registry as it is */
  registryToken: string;
  serverAddress: string;
}

const maximumLength = 64 * 1024;
type Field = 'username' | 'password' | 'identitytoken' | 'registrytoken' | 'serveraddress' | 'auth';

/**
 * Reads an X-Registry-Auth header: JSON in base64url, padded or not, or in the standard alphabet. undefined when there is none, it names no
 * credentials, or it makes no sense: dockerd ignores such a header on pull, push and search (docker-api.md 4.6).
 */
export function parseRegistryAuth(header: string | undefined): RegistryAuth | undefined {
  if (header === undefined || header === '' || header.length > maximumLength) {
    return undefined;
  }
  const values = textFields(decodeBase64(header));
  if (values === undefined) {
    return undefined;
  }
  const [username = '', ...password] = decodeBase64(values.auth)?.split(':') ?? [];
  const auth = {
    username: values.username || username,
    password: values.password || password.join(':'),
    identityToken: values.identitytoken,
    registryToken: values.registrytoken,
    serverAddress: values.serveraddress,
  };
  return auth.username || auth.password || auth.identityToken || auth.registryToken ? auth : undefined;
}

function textFields(text: string | undefined): Record<Field, string> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return undefined;
  }
  const given = new Map(Object.entries(json).map(([key, value]) => [key.toLowerCase(), value]));
  const read = (field: Field): string => {
    const value: unknown = given.get(field);
    return typeof value === 'string' ? value : '';
  };
  return {
    username: read('username'),
    password: read('password'),
    identitytoken: read('identitytoken'),
    registrytoken: read('registrytoken'),
    serveraddress: read('serveraddress'),
    auth: read('auth'),
  };
}

function decodeBase64(text: string): string | undefined {
  try {
    const standard = text
      .replaceAll('-', '+')
      .replaceAll('_', '/')
      .replace(/[=\s]+$/, '');
    return new TextDecoder().decode(Uint8Array.from(atob(standard), character => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
