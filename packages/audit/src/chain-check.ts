import type { KeyObject } from 'node:crypto';

import type { AuditEntry } from '@guardstile/core';

import { type CompactRange, compactRange } from './compact-range.ts';
import { parseLine } from './entry-line.ts';
import { leafHashOf, macOf } from './hashing.ts';

/** Where a chain stands. */
export interface ChainPoint {
  /** Position of the next entry. */
  readonly size: number;
  /** Hash of the last entry, hexadecimal; 64 zeros before the first. */
  readonly head: string;
  readonly peaks: readonly Buffer[];
}

export const CHAIN_START: ChainPoint = Object.freeze({
  size: 0,
  head: '0'.repeat(64),
  peaks: Object.freeze([]),
});

/** What a line holds, or what is wrong with it. */
export type Checked = { readonly entry: AuditEntry } | { readonly fault: string };

/** Follows a log line by line. */
export interface ChainCheck {
  readonly size: number;
  readonly head: string;
  readonly tree: CompactRange;
  /** The next entry, or what is wrong with it; after a fault the check stands where it stood. */
  next(line: Buffer): Checked;
}

/**
 * Checks that every entry is the one that follows: stored as it was written (with the key), numbered
 * without a gap, linked to the one before. The tree over all of it is built on the way.
 */
export function chainCheck(from: ChainPoint, key: KeyObject | undefined, log?: string): ChainCheck {
  const tree = compactRange(from.size, from.peaks);
  let { head } = from;
  let id = log;

  function check(line: Buffer): Checked {
    const stored = parseLine(line);
    if (stored === undefined) return { fault: 'it is no entry of a log' };
    const { body, mac } = stored;
    const hash = leafHashOf(body);
    if (key !== undefined && !sameDigits(mac, macOf(key, hash))) {
      return { fault: 'it was changed after it was written, or written without the key' };
    }
    const entry = parseBody(body);
    if (entry === undefined) return { fault: 'it is no entry of a log' };
    if (entry.seq !== tree.size) {
      return { fault: `entry ${tree.size} is missing or out of order: this is ${entry.seq}` };
    }
    if (entry.prev !== head) return { fault: 'it does not follow the entry before it' };
    if (entry.log !== (id ?? entry.log)) return { fault: 'it belongs to another log' };
    return { entry: Object.assign(entry, { hash, mac }) };
  }

  return {
    get size() {
      return tree.size;
    },
    get head() {
      return head;
    },
    tree,
    next(line) {
      const checked = check(line);
      if ('fault' in checked) return checked;
      const { entry } = checked;
      tree.append(Buffer.from(entry.hash, 'hex'));
      head = entry.hash;
      id ??= entry.log;
      return { entry };
    },
  };
}

/** Compares in a time that does not depend on where they differ. */
function sameDigits(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i += 1) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

function parseBody(body: Buffer): AuditEntry | undefined {
  try {
    const entry: unknown = JSON.parse(body.toString());
    return typeof entry === 'object' && entry !== null ? (entry as AuditEntry) : undefined; // its chain fields are checked
  } catch {
    return undefined;
  }
}
