import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import { relative, dirname } from 'node:path';

import { GuardError } from '@guardstile/core';

import { fileInvalid } from './file-issue.ts';
import { readSource } from './policy-source.ts';
import type { FileText } from './read-policy-file.ts';

/** The keys of whoever may widen a policy, as PEM. */
export interface PolicyKeys {
  /** Signs. Keep it away from the machine that runs the agent. */
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Makes a pair of Ed25519 keys. */
export function createPolicyKeys(): PolicyKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/**
 * The detached signature of a policy file and all that it includes, for a file of the same name with
 * `.sig` behind it. The file has a `revision`, so that an older signed one is not taken again.
 *
 * @throws {GuardError} `policy_invalid` for a file that cannot be read or has no revision,
 * `options_invalid` for a key that is no Ed25519 key.
 */
export function signPolicy(path: string, privateKey: string): string {
  const { texts, issues, document, issueAt } = readSource(path);
  if (issues.length > 0) throw fileInvalid(issues);
  if (document.revision === undefined) {
    const message = 'what is signed has a revision, above that of the version in use: revision: 1';
    throw fileInvalid([issueAt([], message)]);
  }
  try {
    return `${sign(null, signedBytes(texts), createPrivateKey(privateKey)).toString('base64')}\n`;
  } catch (cause) {
    throw new GuardError('options_invalid', 'the private key has to be an Ed25519 key as PEM', {
      cause,
    });
  }
}

/** Whether a signature is one of exactly these files. */
export function isSigned(
  texts: readonly FileText[],
  signature: string | undefined,
  publicKey: string,
): boolean {
  if (signature === undefined) return false;
  try {
    const key = createPublicKey(publicKey);
    if (key.asymmetricKeyType !== 'ed25519') return false;
    return verify(null, signedBytes(texts), key, Buffer.from(signature.trim(), 'base64'));
  } catch {
    return false;
  }
}

/** Every file by its place beside the first one, with the digest of its text. */
function signedBytes(texts: readonly FileText[]): Buffer {
  const [first] = texts;
  const root = dirname(first?.name ?? '');
  const lines = texts.map(({ name, text }, i) => {
    const place = i === 0 ? '.' : relative(root, name).replaceAll('\\', '/');
    return `${JSON.stringify(place)} ${createHash('sha256').update(text).digest('hex')}`;
  });
  return Buffer.from(['guardstile policy v1', ...lines, ''].join('\n'));
}
