import type { KeyObject } from 'node:crypto';

import { type AuditDraft, canonical } from '@guardstile/core';

import { formatLine } from './entry-line.ts';
import { leafHash, macOf } from './hashing.ts';

/** Where an entry goes. */
export interface Place {
  readonly log: string;
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly ts: number;
  /** Hash of the entry before, hexadecimal. */
  readonly prev: string;
}

/** An entry as it goes to disk. */
export interface Sealed {
  readonly line: string;
  /** Leaf hash, 32 bytes. */
  readonly hash: Buffer;
}

/**
 * Links, hashes and authenticates an entry. What a draft says of its place does not count.
 *
 * @throws {Error} for values that JSON cannot hold.
 */
export function sealEntry(draft: AuditDraft, place: Place, key: KeyObject): Sealed {
  const body = canonical({ ...draft, ...place, v: 1 });
  // What JSON lacks is written as tokens that begin so, and nobody could read the entry again.
  if (body.includes('@')) JSON.parse(body);
  const bytes = Buffer.from(body);
  return { line: formatLine(body, macOf(key, bytes)), hash: leafHash(bytes) };
}
