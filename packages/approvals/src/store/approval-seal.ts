import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

import { GuardError } from '@guardstile/core';

import { columnText } from './column-text.ts';
import { readValue, writeValue } from './value-text.ts';

/** Encrypts what a store keeps, and recognises what the holder of the key did not write. */
export interface ApprovalSeal {
  /** The value encrypted, and authenticated together with what it is found by. */
  seal(value: unknown, foundBy: string): Uint8Array;
  /**
   * The value again, frozen.
   *
   * @throws {GuardError} `approval_tampered` for any other bytes, or beside anything else.
   */
  open(box: Uint8Array, foundBy: string): unknown;
  /**
   * What a text is found by that nobody should guess: one mark for one text, which tells nothing of it
   * without the key.
   */
  mark(text: string): string;
}

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * For stores of approvals: AES-256-GCM, and HMAC-SHA-256 for marks, under keys derived (HKDF-SHA-256)
 * from the given one and the name of the store, so that what one store sealed is nothing to another.
 *
 * @throws {GuardError} `options_invalid` for a key that is not 32 bytes.
 */
export function approvalSeal(key: Uint8Array, store: string): ApprovalSeal {
  if (!(key instanceof Uint8Array) || key.byteLength !== KEY_BYTES) {
    throw new GuardError(
      'options_invalid',
      'the key of an approval store has to be 32 random bytes (a Uint8Array), kept where neither tools nor the store are',
    );
  }
  const secret = derivedKey(key, store, 'guardstile/approvals/v1');
  const markSecret = derivedKey(key, store, 'guardstile/approvals/mark/v1');

  return {
    seal(value, foundBy) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, secret, iv).setAAD(Buffer.from(foundBy));
      const text = cipher.update(writeValue(value), 'utf8');
      cipher.final();
      return Buffer.concat([iv, cipher.getAuthTag(), text]);
    },
    open(box, foundBy) {
      let text: string;
      try {
        const decipher = createDecipheriv(CIPHER, secret, box.subarray(0, IV_BYTES), {
          authTagLength: TAG_BYTES,
        }).setAAD(Buffer.from(foundBy));
        decipher.setAuthTag(box.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const plain = decipher.update(box.subarray(IV_BYTES + TAG_BYTES));
        decipher.final();
        text = plain.toString();
      } catch (cause) {
        throw new GuardError(
          'approval_tampered',
          'an approval or a grant in the store was not written with its key, and runs nothing; find out who else writes there, keep the store as evidence and start a new one',
          { cause },
        );
      }
      return readValue(text);
    },
    // As a column would hold it: halves of surrogate pairs have no bytes of their own.
    mark: (text) => createHmac('sha256', markSecret).update(columnText(text)).digest('base64url'),
  };
}

/** A key object is several times faster than its bytes. */
function derivedKey(key: Uint8Array, store: string, purpose: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', key, store, purpose, KEY_BYTES)));
}
