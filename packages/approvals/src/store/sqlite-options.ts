import { GuardError, type MemoryApprovalsOptions, ownOptions } from '@guardstile/core';

import type { ComparedLog } from './each-entry.ts';

/** How approvals are kept in a file. Only the key has no default. */
export interface SqliteApprovalsOptions extends MemoryApprovalsOptions {
  /** Encrypts and authenticates what is kept: 32 random bytes. Keep them where neither tools nor the file are. */
  readonly key: Uint8Array;
  /**
   * Whether the arguments of calls are kept, encrypted, or whoever resumes a call brings them again,
   * checked by their digest.
   *
   * @default 'encrypted'
   */
  readonly args?: 'encrypted' | 'resupplied';
  /**
   * The log of the guards that use this store, and of no others: what it says was used or revoked
   * shows an older copy of the file, which is refused or revoked again.
   */
  readonly audit?: ComparedLog;
}

const KNOWN = [
  'key',
  'args',
  'audit',
  'clock',
  'maxPending',
  'maxPendingPerTenant',
  'maxPendingPerSession',
] as const satisfies ReadonlyArray<keyof SqliteApprovalsOptions>;

/** @throws {GuardError} `options_invalid`. */
export function readSqliteOptions(given: SqliteApprovalsOptions): SqliteApprovalsOptions {
  const options = ownOptions('sqliteApprovals', given, KNOWN, 'options_invalid');
  const { args, clock, audit } = options;
  if (args !== undefined && args !== 'encrypted' && args !== 'resupplied') {
    throw invalid('args has to be "encrypted" or "resupplied"');
  }
  if (clock !== undefined && typeof clock !== 'function') throw invalid('clock is no function');
  if (audit !== undefined && typeof audit.query !== 'function') throw invalid('audit is no log');
  for (const name of ['maxPending', 'maxPendingPerTenant', 'maxPendingPerSession'] as const) {
    const most = options[name];
    if (most === undefined || (typeof most === 'number' && most >= 0)) continue;
    throw invalid(`${name} has to be a number of approvals`);
  }
  return options;
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `sqliteApprovals: ${what}`);
}
