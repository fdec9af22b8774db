import { join } from 'node:path';

import { GuardError } from '@guardstile/core';

import {
  type DiskAudit,
  diskAudit,
  type DiskAuditOptions,
  openOptions,
  positive,
} from './disk-audit.ts';
import type { RetentionLimits } from './evict-segments.ts';
import { fileEntries } from './file-entries.ts';
import { filePlace } from './file-place.ts';
import { slotPlaces } from './slot-places.ts';
import { logsIn } from './slots.ts';

/** How a log in files is written. Only the key has no default. */
export interface FileAuditOptions extends DiskAuditOptions {
  /** Size of a segment file, in bytes. @default 64 MiB */
  readonly segmentBytes?: number;
  /** Age of a segment file, in milliseconds. @default 24 hours */
  readonly segmentMs?: number;
  /**
   * So many processes may write at once, each a log of its own in this directory, beside a registry
   * that shows when one of them is missing. Absent: one log, one process.
   */
  readonly slots?: number;
  /**
   * Gives up the oldest whole segments while all of them are larger than this, in bytes, once all
   * anchors cover them; the log says what it gave up. Needs anchors. @default Infinity
   */
  readonly retainBytes?: number;
  /** As `retainBytes`, for segments whose last entry is older than this, in milliseconds. @default Infinity */
  readonly retainMs?: number;
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
    ...retentionOf(options),
  };
  const acceptDamagedTail = options.acceptDamagedTail ?? false;
  const place = { key, limits, acceptDamagedTail };
  const slots = slotsOf(options, path);
  return diskAudit(
    {
      name: 'file',
      path,
      places:
        slots === undefined ? [filePlace(path, place)] : slotPlaces(path, slots, opening, place),
      entries: (filter) => fileEntries(path, filter, key),
      vault: join(path, 'payloads.db'),
    },
    opening,
    options,
  );
}

function retentionOf({ retainBytes, retainMs, anchors = [] }: FileAuditOptions): RetentionLimits {
  if ((retainBytes ?? retainMs) !== undefined && anchors.length === 0) {
    throw new GuardError(
      'options_invalid',
      'only what anchors cover may be given up: pass anchors, or leave out retainBytes and retainMs',
    );
  }
  return {
    retainBytes: retainBytes === undefined ? Infinity : positive('retainBytes', retainBytes, 0),
    retainMs: retainMs === undefined ? Infinity : positive('retainMs', retainMs, 0),
  };
}

function slotsOf({ slots }: FileAuditOptions, path: string): number | undefined {
  const registered = logsIn(path).length > 1;
  if (slots === undefined && !registered) return undefined;
  if (slots !== undefined && Number.isInteger(slots) && slots > 0 && slots < 1000) return slots;
  throw new GuardError(
    'options_invalid',
    `slots has to be a whole number from 1 to 999${registered ? ', for there are several logs here' : ''}`,
  );
}
