import {InvalidRequest} from '../errors.ts';
import type {AgentLink} from '../link/link.ts';

/** More of a passwd file is not read: it is the container's, and may be anything. */
const LARGEST_FILE = 1024 * 1024;

/**
 * Refuses a user or group that the container does not know, as Docker does when an exec is made. Numbers need no entry, so only names cost a look into the
 * container's files.
 */
export async function requireKnownUser(user: string, link: AgentLink): Promise<void> {
  const [name = '', group = ''] = user.split(':', 2);
  if (isName(name) && !(await has(link, '/etc/passwd', name))) {
    throw new InvalidRequest(`unable to find user ${name}: no matching entries in passwd file`);
  }
  if (isName(group) && !(await has(link, '/etc/group', group))) {
    throw new InvalidRequest(`unable to find group ${group}: no matching entries in group file`);
  }
}

function isName(text: string): boolean {
  return text !== '' && !/^\d+$/.test(text);
}

async function has(link: AgentLink, file: string, name: string): Promise<boolean> {
  try {
    const text = await read(link, file);
    return text.split('\n').some(line => line.startsWith(`${name}:`));
  } catch {
    // No such file: an image without users.
    return false;
  }
}

async function read(link: AgentLink, file: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const entry of link.walk(file, {followSymlink: true})) {
    if (entry.type !== 'f' || entry.size > LARGEST_FILE) break;
    for await (const chunk of entry.content) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
