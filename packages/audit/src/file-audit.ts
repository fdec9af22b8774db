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
import { fileEntries } from './file-entries.ts';
import { macKey } from './hashing.ts';
import { openLog, type OpenOptions } from './open-log.ts';
import { readLog } from './read-log.ts';
import { sharedLog } from './shared-logs.ts';
import { noteSigner } from './signed-note.ts';

/** How a log on disk is written. Only the key has no default. */
export interface FileAuditOptions {
  /** Key of the HMAC, at least 16 bytes. Keep it where neither tools nor the log are. */
  readonly key: string | Uint8Array;
  /** Private Ed25519 key (PKCS #8 PEM) that signs checkpoints. Absent: nobody can show that entries at the end are missing. */
  readonly signingKey?: string;
  /** Name of the signer, part of the public key. @default 'guardstile' */
  readonly name?: string;
  /** Where checkpoints are kept out of reach. */
  readonly anchors?: readonly Anchor[];
  /** A checkpoint after so many entries. @default 1000 */
  readonly checkpointEvery?: number;
  /** A checkpoint after so many milliseconds with new entries. @default 10_000 */
  readonly checkpointEveryMs?: number;
  /** Size of a segment file, in bytes. @default 64 MiB */
  readonly segmentBytes?: number;
  /** Age of a segment file, in milliseconds. @default 24 hours */
  readonly segmentMs?: number;
  /** How many entries may wait for the disk at once. @default 10_000 */
  readonly queue?: number;
  /** How long an entry may wait for the disk, in milliseconds. @default 5000 */
  readonly deadlineMs?: number;
  /** Goes on after a last line that is whole and yet not authentic; it is put aside. @default false */
  readonly acceptDamagedTail?: boolean;
  /** What to hide in application entries, beside what is hidden anyway. */
  readonly redact?: RedactOptions;
  /** Milliseconds since 1970. @default Date.now */
  readonly clock?: () => number;
  readonly logger?: Logger;
}

/** A log in files. */
export interface FileAudit extends AuditLog {
  /** Its directory: what `guardstile audit verify` takes. */
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

const DEFAULTS = {
  checkpointEvery: 1000,
  checkpointEveryMs: 10_000,
  segmentBytes: 64 * 1024 * 1024,
  segmentMs: 24 * 60 * 60_000,
  queue: 10_000,
  deadlineMs: 5000,
} as const;

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
export function fileAudit(path: string, options: FileAuditOptions): FileAudit {
  const opening = openOptions(options);
  const { key } = opening;
  const redactor = createRedactor(options.redact);
  const log = sharedLog(path, key, () => openLog(path, opening));

  const entries = (filter?: AuditFilter): Generator<AuditEntry, void, undefined> =>
    fileEntries(path, filter, key);

  return {
    name: 'file',
    durability: 'disk',
    path,
    id: log.log,
    append: (draft) => log.append(draftToKeep(draft, redactor)),
    query: (filter) => [...entries(filter)],
    entries,
    verify: () => verify(path, opening),
    close: log.close,
  };
}

function verify(path: string, { key }: OpenOptions): AuditVerification {
  const { chain, start, steps } = readLog(path, key);
  for (const step of steps) {
    if ('fault' in step) return { ok: false, seq: step.fault.seq, reason: step.fault.reason };
  }
  return { ok: true, entries: chain.size - start.size, evicted: start.size, head: chain.head };
}

function openOptions(options: FileAuditOptions): OpenOptions {
  const given = { ...DEFAULTS, ...options };
  for (const name of Object.keys(DEFAULTS) as ReadonlyArray<keyof typeof DEFAULTS>) {
    if (Number.isFinite(given[name]) && given[name] > 0) continue;
    throw new GuardError('options_invalid', `fileAudit: ${name} has to be a number above 0`);
  }
  const { signingKey, name = 'guardstile', anchors = [] } = options;
  if (signingKey === undefined && anchors.length > 0) {
    throw new GuardError(
      'options_invalid',
      'fileAudit: anchors keep checkpoints, which need a signingKey',
    );
  }
  const { segmentBytes, segmentMs, queue, deadlineMs } = given;
  return {
    key: macKey(options.key),
    signer: signingKey === undefined ? undefined : noteSigner(name, signingKey),
    anchors,
    limits: { segmentBytes, segmentMs, queue, deadlineMs },
    checkpointEvery: given.checkpointEvery,
    checkpointEveryMs: given.checkpointEveryMs,
    acceptDamagedTail: options.acceptDamagedTail ?? false,
    clock: options.clock ?? Date.now,
    logger: options.logger,
  };
}
