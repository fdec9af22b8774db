import { createHash, createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

import { GuardError } from '@guardstile/core';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);
const DOMAIN = Buffer.from('guardstile/audit/v1\n');

/** Leaf hash of RFC 6962, 32 bytes. */
export function leafHash(body: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(body).digest();
}

/** The same of a text, hexadecimal: in one go, which takes half the time. */
export function leafHashOf(body: string): string {
  return hash('sha256', `\0${body}`, 'hex');
}

/** Hash of an inner node of RFC 6962, 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/**
 * The key of a log's HMAC. Kept as a key object: the same key as bytes costs six times as much.
 *
 * @throws {GuardError} `audit_key_invalid` for a key shorter than 16 bytes.
 */
export function macKey(key: string | Uint8Array): KeyObject {
  const bytes = typeof key === 'string' ? Buffer.from(key) : key;
  if (bytes instanceof Uint8Array && bytes.length >= 16) return createSecretKey(bytes);
  throw new GuardError(
    'audit_key_invalid',
    'the audit key is shorter than 16 bytes; pass 32 random bytes and keep them where the log is not',
  );
}

/** HMAC-SHA256 of one entry's canonical bytes, hexadecimal. */
export function macOf(key: KeyObject, body: Uint8Array | string): string {
  return createHmac('sha256', key).update(DOMAIN).update(body).digest('hex');
}
