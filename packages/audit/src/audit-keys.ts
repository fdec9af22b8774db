import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { formatVerifier, noteSigner, verifierOf } from './signed-note.ts';

/** Everything that a log is written and verified with. */
export interface AuditKeys {
  /** Authenticates entries: 32 random bytes, base64. Secret. */
  readonly key: string;
  /** Signs checkpoints: private Ed25519 key, PKCS #8 PEM. Secret. */
  readonly signingKey: string;
  /** Verifies them: `name+id+key` of C2SP signed notes. Public. */
  readonly publicKey: string;
}

/**
 * New keys for a log. Keep the secret ones where neither tools nor whoever could change the log
 * reads them, and the public one wherever the log is to be verified.
 */
export function createAuditKeys(name = 'guardstile'): AuditKeys {
  const signingKey = generateKeyPairSync('ed25519')
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString();
  return {
    key: randomBytes(32).toString('base64'),
    signingKey,
    publicKey: formatVerifier(verifierOf(noteSigner(name, signingKey))),
  };
}
