/** What a client knows of a registry's account: the header X-Registry-Auth. Never for a log or an error. */
export interface RegistryAuth {
  username: string;
  password: string;
  /** an OAuth refresh token, in place of the password */
  identitytoken: string;
  /** a bearer token, sent as it is */
  registrytoken: string;
  serveraddress: string;
}

/** The longest header that is looked at; identity tokens of the large clouds are a few KB. */
const longest = 64 * 1024;

/**
 * Reads X-Registry-Auth: JSON in base64, of either alphabet, with or without padding. What cannot be read counts as absent, as in dockerd: a
 * pull of a public image must not fail for it.
 */
export function parseRegistryAuth(header: string | undefined): RegistryAuth | undefined {
  if (!header || header.length > longest) return undefined;
  const fields = parse(header);
  if (!fields) return undefined;
  const [username, password] = userAndPassword(fields);
  const auth = {
    username,
    password,
    identitytoken: textOf(fields['identitytoken']),
    registrytoken: textOf(fields['registrytoken']),
    serveraddress: textOf(fields['serveraddress']),
  };
  return auth.username || auth.identitytoken || auth.registrytoken ? auth : undefined;
}

function parse(header: string): Record<string, unknown> | undefined {
  try {
    // of both alphabets, whatever it is called
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key.toLowerCase(), field]));
  } catch {
    return undefined;
  }
}

/** Older clients send `auth`, the two joined by a colon in base64, in place of the fields. */
function userAndPassword(fields: Record<string, unknown>): [username: string, password: string] {
  const username = textOf(fields['username']);
  if (username) return [username, textOf(fields['password'])];
  const joined = Buffer.from(textOf(fields['auth']), 'base64').toString();
  const colon = joined.indexOf(':');
  return colon === -1 ? ['', ''] : [joined.slice(0, colon), joined.slice(colon + 1)];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
