import {createHash} from 'node:crypto';

/**
 * The value of our owner label when the settings name none: the kubeconfig's user, readable, and a hash that keeps two users apart whose names differ only in
 * characters that a label cannot hold. Every machine with the same kubeconfig user and namespace computes the same.
 */
export function defaultOwner(namespace: string, userName: string): string {
  const readable = userName
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(-40)
    .replace(/^-+|-+$/g, '')
    .toLowerCase();
  const hash = createHash('sha256').update(`${namespace}\0${userName}`).digest('hex').slice(0, 8);
  return readable === '' ? hash : `${readable}-${hash}`;
}
