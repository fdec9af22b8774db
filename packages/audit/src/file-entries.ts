import type { KeyObject } from 'node:crypto';

import { type AuditEntry, type AuditFilter, entryFilter, GuardError } from '@guardstile/core';

import { readLog } from './read-log.ts';

/**
 * The entries of a log one after the other, checked on the way: without the key everything but that
 * its holder wrote them.
 *
 * @throws {GuardError} `audit_tampered` at the first entry that is not as it was written.
 */
export function* fileEntries(
  path: string,
  filter: AuditFilter = {},
  key?: KeyObject,
): Generator<AuditEntry, void, undefined> {
  const wanted = entryFilter(filter);
  let left = Object.hasOwn(filter, 'limit') ? (filter.limit ?? Infinity) : Infinity;
  for (const step of readLog(path, key).steps) {
    if (left <= 0) return;
    if ('fault' in step) {
      throw new GuardError(
        'audit_tampered',
        `entry ${step.fault.seq}: ${step.fault.reason}; verify the log and keep it as evidence`,
      );
    }
    if (!wanted(step.entry)) continue;
    left -= 1;
    yield step.entry;
  }
}
