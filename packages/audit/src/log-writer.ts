import type { KeyObject } from 'node:crypto';
import { rmSync } from 'node:fs';

import { type AuditDraft, type AuditReceipt, GuardError } from '@guardstile/core';

import type { CompactRange } from './compact-range.ts';
import { cutTail, type Dropped, openLogFile } from './log-file.ts';
import { followAttempts, recover } from './recover.ts';
import { type Sealed, sealEntry } from './seal-entry.ts';
import { type Segment, segmentAt } from './segments.ts';

/** Limits of a writer. */
export interface WriterLimits {
  /** Bytes after which a new segment is begun. */
  readonly segmentBytes: number;
  /** Age after which a new segment is begun, in milliseconds. */
  readonly segmentMs: number;
  /** How many entries may wait at once. */
  readonly queue: number;
  /** How long an entry may wait for the disk, in milliseconds. */
  readonly deadlineMs: number;
}

/** What a writer starts from. */
export interface WriterStart {
  readonly directory: string;
  readonly key: KeyObject;
  readonly log: string;
  readonly head: string;
  readonly tree: CompactRange;
  readonly segment: Segment;
  readonly offset: number;
  readonly open: Set<string>;
  readonly limits: WriterLimits;
  readonly clock: () => number;
  /** Called after every batch that is on disk. */
  readonly written: (writer: WriterState) => void;
}

/** Where a writer stands: everything in it is on disk. */
export interface WriterState {
  readonly log: string;
  readonly size: number;
  readonly head: string;
  readonly peaks: readonly Buffer[];
  readonly root: () => Buffer;
  readonly segment: Segment;
  readonly offset: number;
  readonly open: ReadonlySet<string>;
  /** Whether the last entry closed the log. */
  readonly closed: boolean;
}

/** Writes a log in batches: what comes in while the disk works is the next batch. */
export interface LogWriter {
  readonly state: WriterState;
  append(draft: AuditDraft): Promise<AuditReceipt>;
  /** Waits until nothing is being written, and closes the file. Nothing is accepted afterwards. */
  end(): Promise<void>;
}

interface Waiting {
  readonly draft: AuditDraft;
  readonly resolve: (receipt: AuditReceipt) => void;
  readonly reject: (error: unknown) => void;
}

/** An entry that is about to be on disk, and whoever waits for that. */
interface Placed {
  readonly draft: AuditDraft;
  readonly sealed: Sealed;
  readonly waiting: Waiting | undefined;
}

/** So many entries go to disk at once at most, so that one batch does not hold up the rest for long. */
const BATCH = 1024;

export function logWriter(start: WriterStart): LogWriter {
  const { directory, key, log, tree, open, limits, clock } = start;
  let file = openLogFile(start.segment, start.offset);
  let { head } = start;
  let begun = clock();
  let queue: Waiting[] = [];
  let working: Promise<void> | undefined;
  /** Whether the disk has not answered in time, and not since. */
  let stuck = false;
  let broken: { readonly cause: unknown } | undefined;
  let ended = false;
  let closed = false;

  const state: WriterState = {
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
    get segment() {
      return file.segment;
    },
    get offset() {
      return file.offset;
    },
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
      const first = prepareFile();
      const placed = place([...(first === undefined ? [] : [{ draft: first }]), ...batch]);
      await file.append(Buffer.from(placed.map(({ sealed }) => sealed.line).join('')));
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

  /** Opens another file where the present one cannot be gone on with; gives the entry that says so. */
  function prepareFile(): AuditDraft | undefined {
    if (broken !== undefined) {
      const { cause } = broken;
      const payload = { cause: messageOf(cause), dropped: mend() };
      broken = undefined;
      return { kind: 'recovery', action: 'log.mended', actor: 'guard', payload };
    }
    const old = file.offset >= limits.segmentBytes || clock() - begun >= limits.segmentMs;
    if (!old || file.offset === 0) return undefined;
    const payload = { previous: file.segment.first };
    openNext();
    return { kind: 'segment', action: 'segment.opened', actor: 'guard', payload };
  }

  function openNext(): void {
    file.close();
    file = openLogFile(segmentAt(directory, tree.size), 0);
    begun = clock();
  }

  /**
   * A file that failed is never written again: after a failed sync nobody knows which of its pages
   * are on disk. What was acknowledged is read back, what was not is put aside.
   */
  function mend(): Dropped | undefined {
    const { segment, offset } = file;
    const dropped = cutTail(segment, offset);
    if (offset === 0) rmSync(segment.path);
    const found = recover(directory, { key, acceptDamagedTail: false });
    if (found?.chain.size !== tree.size || found.chain.head !== head) {
      throw failed('what is on disk is not what was acknowledged; verify the log');
    }
    openNext();
    return dropped;
  }

  function place(batch: readonly (Waiting | { readonly draft: AuditDraft })[]): readonly Placed[] {
    const placed: Placed[] = [];
    let prev = head;
    for (const item of batch) {
      const waiting = 'resolve' in item ? item : undefined;
      try {
        const seq = tree.size + placed.length;
        const sealed = sealEntry(item.draft, { log, seq, ts: clock(), prev }, key);
        prev = sealed.hash.toString('hex');
        placed.push({ draft: item.draft, sealed, waiting });
      } catch (cause) {
        waiting?.reject(failed('the entry cannot be written', cause));
      }
    }
    return placed;
  }

  /** They are on disk: now they count. */
  function commit(placed: readonly Placed[]): void {
    for (const { draft, sealed, waiting } of placed) {
      const seq = tree.size;
      tree.append(sealed.hash);
      head = sealed.hash.toString('hex');
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
    file.close();
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
