import type { KeyObject } from 'node:crypto';

import { type AuditDraft, type AuditReceipt, GuardError, isGuardError } from '@guardstile/core';

import { type CompactRange, compactRange } from './compact-range.ts';
import { followWriter } from './follow-attempts.ts';
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
  /** Rejects while the log must not be written; asked until it has resolved once. */
  readonly admit: () => Promise<void>;
  /** Called when the opening is on disk; until it has resolved once nothing else is written. */
  readonly arrived: () => Promise<void>;
  /** What this writer says before anything else. */
  readonly opening: AuditDraft;
  /** Called after every batch that is on disk. Must not throw. */
  readonly written: (state: LogState) => void;
}

/** Writes a log in batches: what comes in while the disk works is the next batch. */
export interface LogWriter {
  readonly state: LogState;
  append(draft: AuditDraft): Promise<AuditReceipt>;
  /** Appends what the log itself has to say, however many entries wait. */
  say(draft: AuditDraft): Promise<AuditReceipt>;
  /**
   * Waits until nothing is being written, and closes the storage. Nothing is accepted afterwards.
   * Rejects when the disk does not answer: the storage is closed when it does.
   */
  end(): Promise<void>;
}

interface Waiting {
  readonly draft: AuditDraft;
  /** When it has waited long enough, by the process's own clock. */
  readonly until: number;
  readonly resolve: (receipt: AuditReceipt) => void;
  readonly reject: (error: unknown) => void;
}

/** An entry that is about to be on disk, and whoever waits for that. */
type Placed = PlacedEntry & { readonly waiting: Waiting | undefined };

/** So many entries go to disk at once at most, so that one batch does not hold up the rest for long. */
const BATCH = 1024;

/** What is said when nothing comes back in time. */
const SILENT = 'the disk, or an anchor, does not answer';

/** How long a disk is left alone that failed while it was mended, in milliseconds. */
const MEND_EVERY_MS = 1000;

/** Starts to write at once: the opening does not wait for the first entry. */
export function logWriter(start: WriterStart): LogWriter {
  const { key, log, open, limits, clock, storage } = start;
  let { head, tree } = start;
  let opening: AuditDraft | undefined = start.opening;
  /** What the storage has to say before the next entry. */
  let said: AuditDraft | undefined;
  let queue: Waiting[] = [];
  /** Whether the disk has not answered in time, and not since. */
  let stuck = false;
  let admitted = false;
  let broken: { readonly cause: unknown; readonly until: number } | undefined;
  let ended = false;
  let closed = false;
  /** Told when the disk does not answer. */
  let hung: () => void = () => undefined;
  let working: Promise<void> | undefined = work();

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
    if (queue.length < limits.queue) return say(draft);
    return Promise.reject(failed(`${limits.queue} entries are waiting for the disk already`));
  }

  function say(draft: AuditDraft): Promise<AuditReceipt> {
    if (ended) return Promise.reject(failed('it was closed'));
    if (stuck) return Promise.reject(failed(SILENT));
    return new Promise((resolve, reject) => {
      queue.push({ draft, until: performance.now() + limits.deadlineMs, resolve, reject });
      working ??= work();
    });
  }

  async function work(): Promise<void> {
    // What is appended in the same turn belongs to the same batch.
    await Promise.resolve();
    do {
      await writeBatch(nextBatch());
    } while (queue.length > 0);
    working = undefined;
  }

  function nextBatch(): readonly Waiting[] {
    const now = performance.now();
    const inTime = queue.findIndex(({ until }) => until > now);
    const late = queue.splice(0, inTime < 0 ? queue.length : inTime);
    if (late.length > 0) refuse(late, tooLate());
    return queue.splice(0, BATCH);
  }

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    const [oldest] = batch;
    const left = oldest === undefined ? limits.deadlineMs : oldest.until - performance.now();
    const timer = setTimeout(() => giveUp(batch), left);
    try {
      if (!admitted) await enter();
      admitted = true;
      await write(batch);
    } catch (error) {
      refuse(batch, isGuardError(error) ? error : failed('the disk failed', error));
    } finally {
      clearTimeout(timer);
      stuck = false;
    }
  }

  async function enter(): Promise<void> {
    await start.admit();
    await write([]);
    await start.arrived();
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    const mending = broken !== undefined;
    if (broken !== undefined && performance.now() < broken.until) throw broken.cause;
    try {
      prepare();
    } catch (cause) {
      breakOff(cause, mending);
      throw cause;
    }
    const placed = place([...toSay(), ...batch]);
    if (placed.length === 0) return;
    const onDisk = storage.append(placed);
    // Meanwhile the disk works.
    const grown = grownBy(tree, placed);
    try {
      await onDisk;
    } catch (cause) {
      breakOff(cause, mending);
      throw cause;
    }
    commit(placed, grown);
    start.written(state);
  }

  function prepare(): void {
    if (broken === undefined) {
      said = storage.prepare(state) ?? said;
    } else {
      said = storage.mend(state, messageOf(broken.cause));
      broken = undefined;
    }
  }

  /** A disk that fails again and again is not mended for every call. */
  function breakOff(cause: unknown, mending: boolean): void {
    broken = { cause, until: performance.now() + (mending ? MEND_EVERY_MS : 0) };
  }

  function toSay(): ReadonlyArray<{ readonly draft: AuditDraft }> {
    // Nothing comes before the first entry of a log; a new file begins with what says so.
    const drafts = opening?.kind === 'genesis' ? [opening, said] : [said, opening];
    return drafts.flatMap((draft) => (draft === undefined ? [] : [{ draft }]));
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
        const at = { log, seq: tree.size + placed.length, ts: timeOf(clock), prev };
        const sealed = sealEntry(draft, at, key);
        prev = sealed.hash;
        placed.push({ ...sealed, seq: at.seq, ts: at.ts, draft, waiting });
      } catch (cause) {
        if (waiting === undefined) throw cause;
        waiting.reject(failed('the entry cannot be written', cause));
      }
    }
    return placed;
  }

  /** They are on disk: now they count. */
  function commit(placed: readonly Placed[], grown: CompactRange): void {
    tree = grown;
    for (const { draft, seq, hash, waiting } of placed) {
      head = hash;
      followWriter(open, draft);
      closed = draft.kind === 'close';
      if (draft === opening) opening = undefined;
      if (draft === said) said = undefined;
      waiting?.resolve({ log, seq, hash, durability: 'disk' });
    }
  }

  function giveUp(batch: readonly Waiting[]): void {
    stuck = true;
    refuse([...batch, ...queue], tooLate());
    queue = [];
    hung();
  }

  function tooLate(): GuardError {
    return failed(`${SILENT}: not within ${limits.deadlineMs} ms`);
  }

  async function end(): Promise<void> {
    if (ended) return;
    ended = true;
    // However long the disk takes: nothing is closed under its hands.
    const finished = Promise.resolve(working).then(() => storage.close());
    const silence = new Promise<never>((_, reject) => {
      hung = () => reject(failed(SILENT));
      if (stuck) hung();
    });
    await Promise.race([finished, silence]);
  }

  return { state, append, say, end };
}

function grownBy({ size, peaks }: CompactRange, placed: readonly Placed[]): CompactRange {
  const tree = compactRange(size, peaks);
  for (const { hash } of placed) tree.append(Buffer.from(hash, 'hex'));
  return tree;
}

function refuse(batch: readonly Waiting[], error: unknown): void {
  for (const { reject } of batch) reject(error);
}

/** Milliseconds since 1970, whole: what every storage can keep. */
function timeOf(clock: () => number): number {
  const ts = Math.trunc(clock());
  if (Number.isSafeInteger(ts)) return ts;
  throw new Error('the clock tells no time');
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
