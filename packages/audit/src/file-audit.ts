import {
  type DiskAudit,
  diskAudit,
  type DiskAuditOptions,
  openOptions,
  positive,
} from './disk-audit.ts';
import { fileEntries } from './file-entries.ts';
import { filePlace } from './file-place.ts';

/** How a log in files is written. Only the key has no default. */
export interface FileAuditOptions extends DiskAuditOptions {
  /** Size of a segment file, in bytes. @default 64 MiB */
  readonly segmentBytes?: number;
  /** Age of a segment file, in milliseconds. @default 24 hours */
  readonly segmentMs?: number;
  /** Goes on after a last line that is whole and yet not authentic; it is put aside. @default false */
  readonly acceptDamagedTail?: boolean;
}

/**
 * A log in a directory, one JSON line per entry, on disk before `append` answers.
 *
 * @example
 * const audit = fileAudit('./audit', { key: process.env.AUDIT_KEY, signingKey: process.env.AUDIT_SIGNING_KEY });
 * const guard = createGuard({ policy, audit });
 *
 * @throws {GuardError} `audit_key_invalid`, `options_invalid`, `audit_locked`, `audit_tampered` or
 * `audit_rolled_back`.
 */
export function fileAudit(path: string, options: FileAuditOptions): DiskAudit {
  const opening = openOptions(options);
  const { key } = opening;
  const limits = {
    segmentBytes: positive('segmentBytes', options.segmentBytes, 64 * 1024 * 1024),
    segmentMs: positive('segmentMs', options.segmentMs, 24 * 60 * 60_000),
  };
  const acceptDamagedTail = options.acceptDamagedTail ?? false;
  const place = { key, limits, acceptDamagedTail };
  return diskAudit(
    {
      name: 'file',
      path,
      place: () => filePlace(path, place),
      entries: (filter) => fileEntries(path, filter, key),
    },
    opening,
    options.redact,
  );
}
