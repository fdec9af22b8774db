import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

import { GuardError } from '@guardstile/core';

import { fromBase64 } from './base64.ts';

/** Ed25519, as C2SP signed notes number it. */
const ALGORITHM = 1;
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** Who signs notes. The name is part of the key, so that one key is not mistaken for another's. */
export interface NoteSigner {
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** Whose signature counts. */
export interface NoteVerifier {
  readonly name: string;
  readonly publicKey: KeyObject;
  /** The first four bytes of SHA-256 over name and key, by which a signature names its key. */
  readonly keyId: Buffer;
}

/**
 * A signer from a private Ed25519 key, as PKCS #8 PEM.
 *
 * @throws {GuardError} `audit_key_invalid`.
 */
export function noteSigner(name: string, pem: string | KeyObject): NoteSigner {
  checkName(name);
  const privateKey = keyOf(pem, createPrivateKey);
  return { name, privateKey };
}

/** The verifier that belongs to a signer. */
export function verifierOf({ name, privateKey }: NoteSigner): NoteVerifier {
  return verifier(name, createPublicKey(privateKey));
}

/** The verifier as one line, `name+keyid+base64`: all that a third party needs. */
export function formatVerifier({ name, keyId, publicKey }: NoteVerifier): string {
  const key = Buffer.concat([Buffer.of(ALGORITHM), rawKey(publicKey)]);
  return `${name}+${keyId.toString('hex')}+${key.toString('base64')}`;
}

/**
 * @throws {GuardError} `audit_key_invalid` for a line that is no Ed25519 verifier key of C2SP signed notes.
 */
export function parseVerifier(line: string): NoteVerifier {
  const [, name = '', keyId = '', key = ''] =
    /^([^+\s]+)\+([0-9a-f]{8})\+([0-9A-Za-z+/]{44})$/.exec(line.trim()) ?? [];
  const bytes = fromBase64(key);
  if (bytes?.length !== 33 || bytes[0] !== ALGORITHM) throw badKey('it is no Ed25519 verifier key');
  const raw = Buffer.concat([SPKI, bytes.subarray(1)]);
  const parsed = verifier(name, createPublicKey({ key: raw, format: 'der', type: 'spki' }));
  if (parsed.keyId.toString('hex') !== keyId) throw badKey('its id does not belong to its key');
  return parsed;
}

function verifier(name: string, publicKey: KeyObject): NoteVerifier {
  const key = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ALGORITHM), rawKey(publicKey)]);
  return { name, publicKey, keyId: createHash('sha256').update(key).digest().subarray(0, 4) };
}

function rawKey(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
}

function keyOf(given: string | KeyObject, read: (pem: string) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = typeof given === 'string' ? read(given) : given;
  } catch (cause) {
    throw badKey('it cannot be read', cause);
  }
  if (key.asymmetricKeyType === 'ed25519' && key.type === 'private') return key;
  throw badKey('it is no private Ed25519 key');
}

function checkName(name: string): void {
  if (name !== '' && !/[\s+]/u.test(name)) return;
  throw badKey('a signer needs a name without spaces and plus signs, such as example.com/audit');
}

function badKey(what: string, cause?: unknown): GuardError {
  return new GuardError(
    'audit_key_invalid',
    `the key of checkpoints: ${what}; make one with createAuditKeys()`,
    cause === undefined ? {} : { cause },
  );
}

/** The text, which ends in a line feed, with a signature below it (C2SP signed-note). */
export function signNote(text: string, signer: NoteSigner): string {
  const { keyId } = verifierOf(signer);
  const signature = sign(null, Buffer.from(text), signer.privateKey);
  const blob = Buffer.concat([keyId, signature]).toString('base64');
  return `${text}\n\u2014 ${signer.name} ${blob}\n`;
}

/** The signed text, if one of its signatures is by this key; `undefined` otherwise. */
export function openNote(
  note: string,
  { name, keyId, publicKey }: NoteVerifier,
): string | undefined {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return undefined;
  const text = note.slice(0, split + 1);
  for (const line of note.slice(split + 2, -1).split('\n')) {
    const [, signedBy, blob = ''] = /^\u2014 (\S+) (\S+)$/u.exec(line) ?? [];
    const bytes = fromBase64(blob);
    if (signedBy !== name || bytes?.length !== 68 || !bytes.subarray(0, 4).equals(keyId)) continue;
    if (verify(null, Buffer.from(text), publicKey, bytes.subarray(4))) return text;
  }
  return undefined;
}
