import { GuardError } from '../errors.ts';
import { mintId } from '../ids.ts';
import { ownOptions } from '../own-options.ts';
import { createRedactor, type RedactOptions } from '../redact.ts';
import { draftToKeep } from './draft-to-keep.ts';
import { type AuditDraft, type AuditEntry, NO_ENTRY } from './entry.ts';
import type { AuditLog, AuditReceipt } from './log.ts';
import { authenticator, bodyOf, keyBytes, leafHash, type UnsealedEntry } from './seal.ts';
import { select } from './select.ts';
import { verifyChain } from './verify.ts';

export interface MemoryAuditOptions {
  /** Key of the HMAC. Absent: random, so that only this log can verify itself. */
  readonly key?: string | Uint8Array;
  /** How many entries are kept. @default 10_000 */
  readonly capacity?: number;
  /**
   * `each` hashes and authenticates an entry when it is appended, `batch` when the log is next
   * read or verified: faster, and as long as only this process holds the entries as good.
   *
   * @default 'each'
   */
  readonly sealing?: 'each' | 'batch';
  /** Key names and patterns to hide in application entries, beside the built-in ones. */
  readonly redact?: RedactOptions;
  /** Milliseconds since 1970. @default Date.now */
  readonly clock?: () => number;
}

const OPTIONS = ['key', 'capacity', 'sealing', 'redact', 'clock'] as const;

interface Kept {
  readonly entry: Omit<UnsealedEntry, 'prev'>;
  sealed: AuditEntry | undefined;
}

/**
 * A log in the memory of this process, for development, tests and short-lived agents. It is **not
 * durable**: it ends with the process, and beyond its capacity it drops the oldest entries and
 * says how many.
 *
 * @throws {GuardError} `audit_key_invalid` for an empty key, `options_invalid` for a capacity below 1.
 */
export function memoryAudit(options: MemoryAuditOptions = {}): AuditLog {
  const own = ownOptions('memoryAudit', options, OPTIONS, 'options_invalid');
  const { capacity = 10_000, sealing = 'each', clock = Date.now } = own;
  if (sealing !== 'each' && sealing !== 'batch') {
    throw new GuardError('options_invalid', "memoryAudit: sealing has to be 'each' or 'batch'");
  }
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new GuardError(
      'options_invalid',
      'memoryAudit: the capacity has to be a whole number above 0',
    );
  }
  const key = keyBytes(own.key ?? crypto.getRandomValues(new Uint8Array(32)));
  const authenticate = authenticator(key);
  const redactor = createRedactor(own.redact);
  const log = mintId('log');

  let kept: Kept[] = [];
  /** Entries before `first` in `kept` were dropped; they are cut off in bulk. */
  let first = 0;
  let nextSeal = 0;
  let seq = 0;
  let prev = NO_ENTRY;
  let start = { seq: 0, prev: NO_ENTRY };

  function seal(until: number): void {
    for (; nextSeal < until; nextSeal += 1) {
      const item = kept[nextSeal] as Kept; // nextSeal < until <= kept.length
      const unsealed: UnsealedEntry = { ...item.entry, prev };
      prev = leafHash(bodyOf(unsealed));
      item.sealed = Object.freeze({ ...unsealed, hash: prev, mac: authenticate(prev) });
    }
  }

  /** What was never sealed is in nobody's chain: the entry behind it starts one. */
  function evict(): void {
    if (kept.length - first <= capacity) return;
    const dropped = kept[first] as Kept; // first < kept.length
    start = { seq: dropped.entry.seq + 1, prev: dropped.sealed?.hash ?? NO_ENTRY };
    if (dropped.sealed === undefined) prev = NO_ENTRY;
    first += 1;
    nextSeal = Math.max(nextSeal, first);
    if (first < capacity) return;
    kept = kept.slice(first);
    nextSeal -= first;
    first = 0;
  }

  function write(draft: AuditDraft): AuditReceipt {
    const item: Kept = { entry: { ...draft, v: 1, log, seq, ts: clock() }, sealed: undefined };
    kept.push(item);
    seq += 1;
    if (sealing === 'each') seal(kept.length);
    evict();
    return {
      log,
      seq: item.entry.seq,
      durability: 'memory',
      get hash() {
        if (item.sealed === undefined) seal(kept.length);
        return item.sealed?.hash ?? '';
      },
    };
  }

  function entries(): readonly AuditEntry[] {
    seal(kept.length);
    return kept.slice(first).map((item) => item.sealed as AuditEntry); // all sealed right above
  }

  write({
    kind: 'genesis',
    action: 'log.opened',
    actor: 'guard',
    payload: { durability: 'memory', capacity },
  });

  return {
    name: 'memory',
    durability: 'memory',
    append: (draft) => write(draftToKeep(draft, redactor)),
    query: (filter = {}) => select(entries(), filter),
    verify: () => verifyChain(entries(), key, start),
  };
}
