import type { KeyObject } from 'node:crypto';

import { type AuditDraft, type AuditReceipt, GuardError } from '@guardstile/core';

import type { CompactRange } from './compact-range.ts';
import { followAttempts } from './follow-attempts.ts';
import type { LogState, LogStorage, PlacedEntry } from './log-storage.ts';
import { sealEntry } from './seal-entry.ts';

/** Limits of a writer. */
export interface WriterLimits {
  /** How many entries may wait at once. */
  readonly queue: number;
  /** How long an entry may wait for the disk, in milliseconds. */
  readonly deadlineMs: number;
}

/** What a writer starts from. */
export interface WriterStart {
  readonly key: KeyObject;
  readonly log: string;
  readonly head: string;
  readonly tree: CompactRange;
  readonly open: Set<string>;
  readonly storage: LogStorage;
  readonly limits: WriterLimits;
  readonly clock: () => number;
  /** Called after every batch that is on disk. */
  readonly written: (state: LogState) => void;
}

/** Writes a log in batches: what comes in while the disk works is the next batch. */
export interface LogWriter {
  readonly state: LogState;
  append(draft: AuditDraft): Promise<AuditReceipt>;
  /** Waits until nothing is being written, and closes the storage. Nothing is accepted afterwards. */
  end(): Promise<void>;
}

interface Waiting {
  readonly draft: AuditDraft;
  readonly resolve: (receipt: AuditReceipt) => void;
  readonly reject: (error: unknown) => void;
}

/** An entry that is about to be on disk, and whoever waits for that. */
type Placed = PlacedEntry & { readonly waiting: Waiting | undefined };

/** So many entries go to disk at once at most, so that one batch does not hold up the rest for long. */
const BATCH = 1024;

export function logWriter(start: WriterStart): LogWriter {
  const { key, log, tree, open, limits, clock, storage } = start;
  let { head } = start;
  let queue: Waiting[] = [];
  let working: Promise<void> | undefined;
  /** Whether the disk has not answered in time, and not since. */
  let stuck = false;
  let broken: { readonly cause: unknown } | undefined;
  let ended = false;
  let closed = false;

  const state: LogState = {
    log,
    get size() {
      return tree.size;
    },
    get head() {
      return head;
    },
    get peaks() {
      return tree.peaks;
    },
    root: () => tree.root(),
    open,
    get closed() {
      return closed;
    },
  };

  function append(draft: AuditDraft): Promise<AuditReceipt> {
    if (ended) return Promise.reject(failed('it was closed'));
    if (stuck) return Promise.reject(failed('the disk does not answer'));
    if (queue.length >= limits.queue) {
      return Promise.reject(failed(`${limits.queue} entries are waiting for the disk already`));
    }
    return new Promise((resolve, reject) => {
      queue.push({ draft, resolve, reject });
      working ??= work();
    });
  }

  async function work(): Promise<void> {
    // What is appended in the same turn belongs to the same batch.
    await Promise.resolve();
    while (queue.length > 0) {
      const batch = queue.slice(0, BATCH);
      queue = queue.slice(BATCH);
      await writeBatch(batch);
    }
    working = undefined;
  }

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    const timer = setTimeout(() => giveUp(batch), limits.deadlineMs);
    try {
      const first = prepare();
      const placed = place(first === undefined ? batch : [{ draft: first }, ...batch]);
      await storage.append(placed);
      commit(placed);
      start.written(state);
    } catch (cause) {
      broken = { cause };
      for (const { reject } of batch) reject(failed('the disk failed', cause));
    } finally {
      clearTimeout(timer);
      stuck = false;
    }
  }

  /** What has to be said before the next entry, if anything. */
  function prepare(): AuditDraft | undefined {
    if (broken === undefined) return storage.prepare(state);
    const said = storage.mend(state, messageOf(broken.cause));
    broken = undefined;
    return said;
  }

  function place(
    batch: ReadonlyArray<Waiting | { readonly draft: AuditDraft }>,
  ): readonly Placed[] {
    const placed: Placed[] = [];
    let prev = head;
    for (const item of batch) {
      const { draft } = item;
      const waiting = 'resolve' in item ? item : undefined;
      try {
        const at = { log, seq: tree.size + placed.length, ts: clock(), prev };
        const sealed = sealEntry(draft, at, key);
        prev = sealed.hash.toString('hex');
        placed.push({ ...sealed, seq: at.seq, ts: at.ts, draft, waiting });
      } catch (cause) {
        waiting?.reject(failed('the entry cannot be written', cause));
      }
    }
    return placed;
  }

  /** They are on disk: now they count. */
  function commit(placed: readonly Placed[]): void {
    for (const { draft, seq, hash, waiting } of placed) {
      tree.append(hash);
      head = hash.toString('hex');
      followAttempts(open, draft);
      closed = draft.kind === 'close';
      waiting?.resolve({ log, seq, hash: head, durability: 'disk' });
    }
  }

  function giveUp(batch: readonly Waiting[]): void {
    stuck = true;
    const late = failed(`the disk did not answer within ${limits.deadlineMs} ms`);
    for (const { reject } of [...batch, ...queue]) reject(late);
    queue = [];
  }

  async function end(): Promise<void> {
    if (ended) return;
    ended = true;
    await working;
    storage.close();
  }

  return { state, append, end };
}

function failed(what: string, cause?: unknown): GuardError {
  const reason = cause === undefined ? what : `${what} (${messageOf(cause)})`;
  return new GuardError(
    'audit_error',
    `the audit log takes no entry: ${reason}; nothing runs without one`,
    cause === undefined ? {} : { cause },
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
