import type { KeyObject } from 'node:crypto';

import type { AuditDraft } from '@guardstile/core';

import { formatLine } from './entry-line.ts';
import { envelope } from './envelope.ts';
import { leafHashOf, macOf } from './hashing.ts';

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
  /** Leaf hash, hexadecimal. */
  readonly hash: string;
}

/**
 * Links, hashes and authenticates an entry. What a draft says of its place does not count.
 *
 * @throws {Error} for values that JSON cannot hold.
 */
export function sealEntry(draft: AuditDraft, place: Place, key: KeyObject): Sealed {
  const body = envelope(draft, place);
  // What JSON lacks is written as tokens that begin so, and nobody could read the entry again.
  if (body.includes('@')) JSON.parse(body);
  const hash = leafHashOf(body);
  return { line: formatLine(body, macOf(key, hash)), hash };
}
