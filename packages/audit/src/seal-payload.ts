import { randomBytes } from 'node:crypto';

import { type AuditDraft, type AuditEntry, canonical } from '@guardstile/core';

import { sha256 } from './hashing.ts';

/** What was taken out of an entry, until it is kept elsewhere. */
export interface SealedPayload {
  /** Whose data it is. */
  readonly subject: string;
  /** SHA-256 over salt and text, hexadecimal: all that the entry holds. */
  readonly commitment: string;
  readonly salt: Buffer;
  /** The fields, as canonical JSON. */
  readonly text: string;
}

/** Says what it is under a name that copies of this module share, and that no entry shows. */
const SEALED = Symbol.for('guardstile.audit.payload');

/** Fields that hold what a tool was called with. A plain digest of few possible values can be guessed. */
const PRIVATE: readonly string[] = ['args', 'digest', 'error'];

/**
 * The draft with a salted commitment in the place of what it was called with.
 *
 * @throws {Error} for values that JSON cannot hold.
 */
export function sealPayload(draft: AuditDraft, subject: string): AuditDraft {
  const names = draft.kind === 'application' ? [...PRIVATE, 'payload'] : PRIVATE;
  const entries = Object.entries(draft);
  const taken = entries.filter(([name]) => names.includes(name));
  if (taken.length === 0) return draft;
  const text = canonical(Object.fromEntries(taken));
  // What JSON lacks is written as tokens that begin so, and nobody could read it again.
  if (text.includes('@')) JSON.parse(text);
  const salt = randomBytes(16);
  const commitment = commit(salt, text);
  const sealed = { commitment, bytes: text.length };
  const left = Object.fromEntries(entries.filter(([name]) => !names.includes(name)));
  const own = { ...left, payload: { ...ownPayload(left), sealed } } as unknown as AuditDraft; // a draft without some fields
  const payload: SealedPayload = { subject, commitment, salt, text };
  return Object.defineProperty(own, SEALED, { value: payload });
}

function ownPayload({ payload }: Record<string, unknown>): object {
  return typeof payload === 'object' && payload !== null ? payload : {};
}

/** The commitment that an entry holds. */
export function commitmentOf({ payload }: AuditEntry): string | undefined {
  const { sealed } = (payload ?? {}) as { readonly sealed?: { readonly commitment?: unknown } };
  return typeof sealed?.commitment === 'string' ? sealed.commitment : undefined;
}

/** What was taken out of a draft. */
export function payloadOf(draft: AuditDraft): SealedPayload | undefined {
  return (draft as { readonly [SEALED]?: SealedPayload })[SEALED];
}

export function commit(salt: Buffer, text: string): string {
  return sha256(Buffer.concat([salt, Buffer.from(text)])).toString('hex');
}
