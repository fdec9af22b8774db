import {
  type AuditDraft,
  type AuditEntry,
  type AuditFilter,
  type AuditLog,
  type AuditReceipt,
  type AuditVerification,
  createRedactor,
  draftToKeep,
  GuardError,
  type Logger,
  type RedactOptions,
} from '@guardstile/core';

import type { Anchor } from './anchor.ts';
import { macKey } from './hashing.ts';
import { type LogPlace, openLog, type OpenOptions } from './open-log.ts';
import { sharedLog } from './shared-logs.ts';
import { noteSigner } from './signed-note.ts';
import { verifyWithKey } from './verify-logs.ts';

/** How a log on disk is written. Only the key has no default. */
export interface DiskAuditOptions {
  /** Key of the HMAC, at least 16 bytes. Keep it where neither tools nor the log are. */
  readonly key: string | Uint8Array;
  /** Private Ed25519 key (PKCS #8 PEM) that signs checkpoints. Absent: nobody can show that entries at the end are missing. */
  readonly signingKey?: string;
  /** Name of the signer, part of the public key. @default 'guardstile' */
  readonly name?: string;
  /** Where checkpoints are kept out of reach. */
  readonly anchors?: readonly Anchor[];
  /** How long an anchor may take to answer, in milliseconds. @default 10_000 */
  readonly anchorTimeoutMs?: number;
  /** A checkpoint after so many entries. @default 1000 */
  readonly checkpointEvery?: number;
  /** A checkpoint after so many milliseconds with new entries. @default 10_000 */
  readonly checkpointEveryMs?: number;
  /** How many entries may wait for the disk at once. @default 10_000 */
  readonly queue?: number;
  /** How long an entry may wait for the disk, in milliseconds. @default 5000 */
  readonly deadlineMs?: number;
  /** What to hide in application entries, beside what is hidden anyway. */
  readonly redact?: RedactOptions;
  /** Milliseconds since 1970. @default Date.now */
  readonly clock?: () => number;
  readonly logger?: Logger;
}

/** A log on disk. */
export interface DiskAudit extends AuditLog {
  /** What `guardstile audit verify` takes. */
  readonly path: string;
  /** Its id, the origin of its checkpoints. */
  readonly id: string;
  append(draft: AuditDraft): Promise<AuditReceipt>;
  verify(): AuditVerification;
  query(filter?: AuditFilter): readonly AuditEntry[];
  close(): Promise<void>;
  /** The entries one after the other, for logs that do not fit in memory. */
  entries(filter?: AuditFilter): Generator<AuditEntry, void, undefined>;
}

/** What tells one log on disk from another. */
export interface DiskLog {
  readonly name: string;
  readonly path: string;
  /** Where it may be: the first place that no other writer has. */
  readonly places: readonly LogPlace[];
  readonly entries: (filter: AuditFilter) => Generator<AuditEntry, void, undefined>;
}

/** The log, opened. */
export function diskAudit(disk: DiskLog, opening: OpenOptions, redact?: RedactOptions): DiskAudit {
  const { name, path } = disk;
  const redactor = createRedactor(redact);
  const log = sharedLog(path, opening.key, () => openLog(disk.places, opening));
  return {
    name,
    durability: 'disk',
    path,
    id: log.log,
    append: (draft) => log.append(draftToKeep(draft, redactor)),
    query: (filter = {}) => [...disk.entries(filter)],
    entries: (filter = {}) => disk.entries(filter),
    verify: () => verifyAll(path, opening),
    close: log.close,
  };
}

/** All logs at the path; the head is that of the last one. */
function verifyAll(path: string, { key }: OpenOptions): AuditVerification {
  let [entries, evicted, head] = [0, 0, ''];
  for (const report of verifyWithKey(path, key)) {
    const { fault } = report;
    if (fault !== undefined) return { ok: false, seq: fault.seq, reason: fault.reason };
    entries += report.entries;
    evicted += report.evicted;
    ({ head } = report);
  }
  return { ok: true, entries, evicted, head };
}

/**
 * @throws {GuardError} `options_invalid` or `audit_key_invalid`.
 */
export function openOptions(options: DiskAuditOptions): OpenOptions {
  const { signingKey, name = 'guardstile', anchors = [] } = options;
  if (signingKey === undefined && anchors.length > 0) {
    throw new GuardError('options_invalid', 'anchors keep checkpoints, which need a signingKey');
  }
  return {
    key: macKey(options.key),
    signer: signingKey === undefined ? undefined : noteSigner(name, signingKey),
    anchors,
    anchorTimeoutMs: positive('anchorTimeoutMs', options.anchorTimeoutMs, 10_000),
    limits: {
      queue: positive('queue', options.queue, 10_000),
      deadlineMs: positive('deadlineMs', options.deadlineMs, 5000),
    },
    every: positive('checkpointEvery', options.checkpointEvery, 1000),
    everyMs: positive('checkpointEveryMs', options.checkpointEveryMs, 10_000),
    clock: options.clock ?? Date.now,
    logger: options.logger,
  };
}

/**
 * @throws {GuardError} `options_invalid` for anything but a number above 0.
 */
export function positive(name: string, value: number | undefined, otherwise: number): number {
  const given = value ?? otherwise;
  if (Number.isFinite(given) && given > 0) return given;
  throw new GuardError('options_invalid', `${name} has to be a number above 0`);
}
