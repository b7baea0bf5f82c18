import {createHash, randomBytes} from 'node:crypto';

import type {AgentKey} from '../translate/container-record.ts';

/** A key for the agent's port: 32 random bytes that nobody but this daemon knows, and their SHA-256 for the agent. */
export function newAgentKey(): AgentKey {
  const secret = randomBytes(32);
  return {secret: secret.toString('hex'), hash: createHash('sha256').update(secret).digest('hex')};
}
