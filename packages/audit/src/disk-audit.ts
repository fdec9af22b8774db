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
import { capped, type Caps } from './caps.ts';
import { macKey } from './hashing.ts';
import { type LogPlace, openLog, type OpenOptions } from './open-log.ts';
import { payloadVault, type PayloadVault } from './payload-vault.ts';
import { commitmentOf, sealPayload } from './seal-payload.ts';
import { sharedLog } from './shared-logs.ts';
import { noteSigner } from './signed-note.ts';
import { verifyWithKey } from './verify-logs.ts';
import { withVault } from './with-vault.ts';

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
  /**
   * Keeps what tools were called with out of the log: entries hold salted commitments, and the
   * values lie encrypted beside it, from where a subject can be erased.
   */
  readonly payloads?: PayloadOptions;
  /** Stops a session or a tenant that fills the log, and not the log. */
  readonly caps?: Caps;
  /** What to hide in application entries, beside what is hidden anyway. */
  readonly redact?: RedactOptions;
  /** Milliseconds since 1970. @default Date.now */
  readonly clock?: () => number;
  readonly logger?: Logger;
}

/** How payloads are kept beside a log. */
export interface PayloadOptions {
  /** Key that payloads are encrypted under, at least 16 bytes; another one than the log's. */
  readonly key: string | Uint8Array;
  /** Whose data an entry holds. @default tenant and user, or the session where no user is known */
  readonly subject?: (draft: AuditDraft) => string;
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
  /**
   * What an entry commits to; `undefined` where it commits to nothing, or that was erased.
   *
   * @throws {GuardError} `audit_tampered` when the payload is not that; `options_invalid` without
   * `payloads`.
   */
  reveal(entry: AuditEntry): unknown;
  /**
   * Erases all payloads of a subject, after the log has said so. Every entry stays, and verifies.
   *
   * @throws {GuardError} `options_invalid` without `payloads`.
   */
  erase(subject: string, by: Pick<AuditDraft, 'actor' | 'reason'>): Promise<AuditReceipt>;
}

/** What tells one log on disk from another. */
export interface DiskLog {
  readonly name: string;
  readonly path: string;
  /** Where it may be: the first place that no other writer has. */
  readonly places: readonly LogPlace[];
  readonly entries: (filter: AuditFilter) => Generator<AuditEntry, void, undefined>;
  /** Path of the file that payloads are kept in. */
  readonly vault: string;
}

/** The log, opened. */
export function diskAudit(
  disk: DiskLog,
  opening: OpenOptions,
  { redact, payloads, caps = {} }: Pick<DiskAuditOptions, 'redact' | 'payloads' | 'caps'>,
): DiskAudit {
  const { name, path } = disk;
  const redactor = createRedactor(redact);
  const vault = payloads && payloadVault(disk.vault, macKey(payloads.key));
  const places = vault === undefined ? disk.places : withVault(disk.places, vault);
  const log = sharedLog(path, opening.key, () => openLog(places, opening));
  const append = capped(log, caps);
  return {
    name,
    durability: 'disk',
    path,
    id: log.log,
    async append(draft) {
      const kept = draftToKeep(draft, redactor);
      if (payloads === undefined) return append(kept);
      const { subject = subjectOf } = payloads;
      return append(sealPayload(kept, subject(kept)));
    },
    query: (filter = {}) => [...disk.entries(filter)],
    entries: (filter = {}) => disk.entries(filter),
    verify: () => verifyAll(path, opening),
    close: log.close,
    reveal(entry) {
      const commitment = commitmentOf(entry);
      return commitment === undefined ? undefined : vaultOf(vault).reveal(commitment);
    },
    async erase(subject, { actor, reason }) {
      const payload = vaultOf(vault).describe(subject);
      const receipt = await log.append({
        kind: 'erasure',
        action: 'subject.erased',
        actor,
        ...(reason === undefined ? {} : { reason }),
        payload,
      });
      vaultOf(vault).erase(subject);
      return receipt;
    },
  };
}

function vaultOf(vault: PayloadVault | undefined): PayloadVault {
  if (vault !== undefined) return vault;
  throw new GuardError('options_invalid', 'nothing is kept beside this log: open it with payloads');
}

function subjectOf({ tenant, user, session }: AuditDraft): string {
  return JSON.stringify(user === undefined ? [tenant, null, session] : [tenant, user]);
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
