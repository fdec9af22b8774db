import type { KeyObject } from 'node:crypto';

import { type AuditEntry, type AuditFilter, entryFilter, GuardError } from '@guardstile/core';

import { parseLine } from './entry-line.ts';
import { leafHashOf, macOf } from './hashing.ts';
import { findRows } from './sqlite-rows.ts';

/**
 * The entries of a database that are asked for, found by its indexes. Each one is as the holder of
 * the key wrote it; that none is missing only a verification of the whole log shows.
 *
 * @throws {GuardError} `audit_tampered` at the first entry that is not.
 */
export function* rowEntries(
  path: string,
  filter: AuditFilter,
  key: KeyObject,
): Generator<AuditEntry, void, undefined> {
  entryFilter(filter);
  for (const { line, fault } of findRows(path, filter)) {
    const stored = parseLine(Buffer.from(line));
    const hash = stored === undefined ? '' : leafHashOf(stored.body);
    if (stored === undefined || fault !== undefined || macOf(key, hash) !== stored.mac) {
      throw new GuardError(
        'audit_tampered',
        `an entry was changed after it was written (${fault ?? line.slice(0, 100)}); verify the log and keep it as evidence`,
      );
    }
    const entry = JSON.parse(stored.body.toString()) as AuditEntry; // as its writer wrote it
    yield { ...entry, hash, mac: stored.mac };
  }
}
