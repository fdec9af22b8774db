import { hash } from '#hash';

import { canonical } from '../canonical.ts';
import { GuardError } from '../errors.ts';
import type { AuditEntry } from './entry.ts';

export type UnsealedEntry = Omit<AuditEntry, 'hash' | 'mac'>;

/** Authenticates entries by their leaf hash: HMAC-SHA256 under one key. */
export type Authenticate = (leaf: string) => string;

/**
 * @throws {GuardError} `audit_key_invalid` for an empty key.
 */
export function authenticator(key: string | Uint8Array): Authenticate {
  const mac = hash.hmac(keyBytes(key));
  // Of the hash, not of the text again: whoever finds two texts with one hash has broken the chain, too.
  return (leaf) => mac(`guardstile/audit/v1\n${leaf}`);
}

/**
 * A copy of the key, so that its owner may wipe the original.
 *
 * @throws {GuardError} `audit_key_invalid` for an empty key.
 */
export function keyBytes(key: string | Uint8Array): Uint8Array {
  const bytes = typeof key === 'string' ? new TextEncoder().encode(key) : key;
  if (bytes instanceof Uint8Array && bytes.length > 0) return new Uint8Array(bytes);
  throw new GuardError(
    'audit_key_invalid',
    'the audit key is empty; pass at least 32 random bytes and keep them where the log is not',
  );
}

/** Leaf hash of RFC 6962 over the canonical entry. */
export function leafHash(body: string): string {
  return hash.sha256(`\0${body}`);
}

/** The canonical text that `hash` and `mac` cover. */
export function bodyOf(entry: UnsealedEntry | AuditEntry): string {
  if (!('hash' in entry) && !('mac' in entry)) return canonical(entry);
  const { hash: _hash, mac: _mac, ...body } = entry as AuditEntry;
  return canonical(body);
}
