import {Unavailable} from '../errors.ts';
import {type Credential, type Credentials, withToken} from './credential.ts';

/**
 * The old `oidc` auth provider. Client-node refreshes the token; it is imported only here and only for such users, because the import costs 75 MB.
 * The new refresh token is kept in memory, as client-node does: an identity provider that rotates them signs kubectl out.
 */
export async function oidcSource(
  provider: {name: string; config?: Record<string, string> | undefined},
  base: Credential,
): Promise<Credentials> {
  const {OpenIDConnectAuth} = await import('@kubernetes/client-node/dist/oidc_auth.js');
  const authenticator = new OpenIDConnectAuth();
  const user = {name: 'oidc', authProvider: {...provider, config: {...provider.config}}};
  let last: {token: string; credential: Credential} | undefined;

  async function current(): Promise<Credential> {
    const options = {headers: {} as Record<string, string>};
    try {
      await authenticator.applyAuthentication(user, options);
    } catch (error) {
      throw new Unavailable(
        'The identity provider of the kubeconfig gave no new token. Sign in again with kubectl.',
        {
          reason: 'plugin-failed',
          cause: error,
        },
      );
    }
    const token = (options.headers['Authorization'] ?? '').replace(/^Bearer /, '');
    if (last?.token !== token) last = {token, credential: withToken(base, token)};
    return last.credential;
  }

  return {current, refuse: () => false};
}
