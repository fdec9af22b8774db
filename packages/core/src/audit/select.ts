import { ownOptions } from '../own-options.ts';
import type { AuditEntry } from './entry.ts';
import type { AuditFilter } from './log.ts';

const EQUAL = ['kind', 'action', 'session', 'user', 'tenant', 'tool', 'rid'] as const;

/**
 * Whether an entry is asked for, but for `limit`.
 *
 * @throws {GuardError} `options_invalid` for a field that nobody reads.
 */
export function entryFilter(filter: AuditFilter): (entry: AuditEntry) => boolean {
  const own = ownOptions(
    'query',
    filter,
    [...EQUAL, 'since', 'until', 'after', 'limit'],
    'options_invalid',
  );
  const { since = -Infinity, until = Infinity, after = -1 } = own;
  const wanted = EQUAL.filter((field) => own[field] !== undefined);
  return (entry) =>
    entry.seq > after &&
    entry.ts >= since &&
    entry.ts < until &&
    wanted.every((field) => entry[field] === own[field]);
}

/** The entries that are asked for, in their order. */
export function select(entries: readonly AuditEntry[], filter: AuditFilter): readonly AuditEntry[] {
  const wanted = entryFilter(filter);
  const limit = Object.hasOwn(filter, 'limit') ? (filter.limit ?? Infinity) : Infinity;
  const found: AuditEntry[] = [];
  for (const entry of entries) {
    if (found.length >= limit) break;
    if (wanted(entry)) found.push(entry);
  }
  return found;
}
