import { type AuditEntry, NO_ENTRY } from './entry.ts';
import type { AuditVerification } from './log.ts';
import { type Authenticate, authenticator, bodyOf, leafHash } from './seal.ts';

/** Whether the entry is exactly what the holder of the key wrote. Says nothing of its neighbours. */
export function verifyEntry(entry: AuditEntry, key: string | Uint8Array): boolean {
  return authentic(entry, authenticator(key));
}

function authentic(entry: AuditEntry, authenticate: Authenticate): boolean {
  try {
    const leaf = leafHash(bodyOf(entry));
    return sameText(entry.mac, authenticate(leaf)) && sameText(entry.hash, leaf);
  } catch {
    return false;
  }
}

/** Compares in a time that does not depend on where the texts differ. */
function sameText(a: unknown, b: string): boolean {
  if (typeof a !== 'string' || a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < b.length; i += 1) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

/** Where a chain starts: behind this many entries, the last of which had this hash. */
export interface ChainStart {
  readonly seq: number;
  readonly prev: string;
}

/**
 * Verifies entries as a chain: each authentic, numbered without a gap, linked to the one before.
 * It cannot see entries cut off at the end; compare `head` with one that is kept elsewhere.
 */
export function verifyChain(
  entries: readonly AuditEntry[],
  key: string | Uint8Array,
  start: ChainStart = { seq: 0, prev: NO_ENTRY },
): AuditVerification {
  const authenticate = authenticator(key);
  let { seq, prev } = start;
  for (const entry of entries as ReadonlyArray<AuditEntry | null | undefined>) {
    // They may have been read from anywhere.
    if (entry?.seq !== seq) return failed(seq, `entry ${seq} is missing or out of order`);
    if (entry.prev !== prev) return failed(seq, 'it does not follow the entry before it');
    if (!authentic(entry, authenticate)) return failed(seq, 'it was changed after it was written');
    prev = entry.hash;
    seq += 1;
  }
  return { ok: true, entries: entries.length, evicted: start.seq, head: prev };
}

function failed(seq: number, reason: string): AuditVerification {
  return { ok: false, seq, reason };
}
