import {readFile} from 'node:fs/promises';

import {InvalidRequest} from '../errors.ts';
import {type Credential, type Credentials, pem, withToken} from './credential.ts';
import {execPluginSource} from './exec-plugin.ts';
import type {UserEntry} from './kubeconfig-schema.ts';
import type {ClusterTarget} from './kubeconfig.ts';
import {oidcSource} from './oidc.ts';

/** The credentials of the kubeconfig's user, in the order in which kubectl prefers them. */
export async function credentialsFor(
  target: ClusterTarget,
  log: (line: string) => void,
): Promise<Credentials> {
  const {user} = target;
  const fixed: Credential = {headers: impersonation(user), ...(await clientCertificate(user))};
  if (user.exec) return execPluginSource({target, exec: user.exec, base: fixed, log});
  if (user.tokenFile !== undefined) return tokenFileSource(user.tokenFile, fixed);
  if (user.token !== undefined) return never(withToken(fixed, user.token));
  if (user['auth-provider']?.name === 'oidc') return oidcSource(user['auth-provider'], fixed);
  if (user['auth-provider']) {
    throw new InvalidRequest(
      `The user "${target.userName}" signs in with the auth provider "${user['auth-provider'].name}", which Kubernetes has removed. Let the cluster's own tool write the kubeconfig anew, with an exec plugin.`,
      {reason: 'kubeconfig'},
    );
  }
  if (user.username !== undefined) {
    const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
    return never({...fixed, headers: {...fixed.headers, authorization: `Basic ${basic}`}});
  }
  return never(fixed);
}

/** Credentials that never change. */
function never(credential: Credential): Credentials {
  return {current: async () => credential, refuse: () => false};
}

/** Service account tokens are rotated in place; client-go reads the file again each minute, and so do we. */
function tokenFileSource(path: string, base: Credential): Credentials {
  let read: {at: number; credential: Promise<Credential>} | undefined;
  return {
    current() {
      if (!read || Date.now() - read.at > 60_000) {
        const credential = readFile(path, 'utf8').then(
          token => withToken(base, token),
          (error: unknown) => {
            read = undefined;
            throw new InvalidRequest(`The token file ${path} of the kubeconfig cannot be read.`, {
              reason: 'kubeconfig',
              cause: error,
            });
          },
        );
        read = {at: Date.now(), credential};
      }
      return read.credential;
    },
    refuse() {
      read = undefined;
      return true;
    },
  };
}

async function clientCertificate(user: UserEntry): Promise<Pick<Credential, 'cert' | 'key'>> {
  const cert = await pem(user['client-certificate-data'], user['client-certificate']);
  const key = await pem(user['client-key-data'], user['client-key']);
  return cert && key ? {cert, key} : {};
}

function impersonation(user: UserEntry): Record<string, string> {
  const headers: Record<string, string> = {};
  if (user.as !== undefined) headers['impersonate-user'] = user.as;
  if (user['as-uid'] !== undefined) headers['impersonate-uid'] = user['as-uid'];
  if (user['as-groups'] || user['as-user-extra']) {
    throw new InvalidRequest(
      'The kubeconfig impersonates groups (as-groups, as-user-extra), which badidea does not support: name a user of its own.',
      {reason: 'kubeconfig'},
    );
  }
  return headers;
}
