import { type DiskAudit, diskAudit, type DiskAuditOptions, openOptions } from './disk-audit.ts';
import { rowEntries } from './row-entries.ts';
import { sqlitePlace } from './sqlite-place.ts';

/**
 * A log in an SQLite database, with indexes for session, user, tool, action, request and time.
 * Slower to write than {@link fileAudit}, and quick to ask.
 *
 * @throws {GuardError} `audit_key_invalid`, `options_invalid`, `audit_locked`, `audit_tampered`,
 * `audit_rolled_back`, or `audit_error` when the database does not wait for the disk.
 */
export function sqliteAudit(path: string, options: DiskAuditOptions): DiskAudit {
  const opening = openOptions(options);
  const { key } = opening;
  return diskAudit(
    {
      name: 'sqlite',
      path,
      places: [sqlitePlace(path, key)],
      entries: (filter) => rowEntries(path, filter, key),
      vault: `${path}-payloads`,
    },
    opening,
    options,
  );
}
