import type { KeyObject } from 'node:crypto';

import { type AuditDraft, GuardError, isGuardError, type Logger } from '@guardstile/core';

import type { Anchor } from './anchor.ts';
import type { ChainCheck, ChainPoint } from './chain-check.ts';
import { CHAIN_START } from './chain-check.ts';
import { checkAnchors } from './check-anchors.ts';
import { checkpoints } from './checkpoints.ts';
import { compactRange } from './compact-range.ts';
import { logId } from './log-id.ts';
import type { LogState, LogStorage } from './log-storage.ts';
import { type LogWriter, logWriter, type WriterLimits } from './log-writer.ts';
import { type NoteSigner, verifierOf } from './signed-note.ts';
import { type Release, takeLock } from './writer-lock.ts';

/** A log as it was found. */
export interface FoundLog {
  readonly log: string;
  readonly chain: ChainCheck;
  /** Where its reading began: what came before was not read again. */
  readonly from: ChainPoint;
  /** Attempts that were allowed and have no outcome: whether they took effect is unknown. */
  readonly open: Set<string>;
  /** Whether its last writer closed it. */
  readonly closed: boolean;
}

/** Where a log is kept. */
export interface LogPlace {
  readonly name: string;
  /** Path of a file that only the log's writer locks. */
  readonly lock: string;
  /** Makes the directory that the lock is in. */
  create(): void;
  /** Called with the lock. */
  open(): {
    /** Absent where the log begins. */
    readonly found: FoundLog | undefined;
    /** What was put aside, for the entry that says so. */
    readonly dropped: unknown;
    readonly storage: LogStorage;
    readonly mark: (state: LogState) => void;
  };
  keepCheckpoint(note: string): void;
  /** What may be given up once all anchors cover this many entries. */
  evict?(anchored: number, now: number): Eviction | undefined;
  /** Called when the log has its first entry of this writer; nothing else counts before. */
  arrive?(log: string): Promise<void>;
  /** Called when the log was closed. */
  leave?(state: LogState): Promise<void>;
  /** The root over the first entries, when they lead to the mark; `undefined` where they do not. */
  rootAt(size: number, mark: ChainPoint): Buffer | undefined;
}

/** Entries at the beginning that are given up: the log says so first. */
export interface Eviction {
  readonly payload: unknown;
  carryOut(open: ReadonlySet<string>): void;
}

export interface OpenOptions {
  readonly key: KeyObject;
  readonly signer: NoteSigner | undefined;
  readonly anchors: readonly Anchor[];
  /** How long an anchor may take, in milliseconds. */
  readonly anchorTimeoutMs: number;
  readonly limits: WriterLimits;
  /** A checkpoint after so many entries. */
  readonly every: number;
  /** A checkpoint after so many milliseconds, where entries came in. */
  readonly everyMs: number;
  readonly clock: () => number;
  readonly logger: Logger | undefined;
}

/** A log that this process writes. */
export interface OpenLog {
  readonly log: string;
  /** Attempts that were allowed and have no outcome yet. */
  readonly open: ReadonlySet<string>;
  append: LogWriter['append'];
  close(): Promise<void>;
}

/**
 * Opens a log for writing, or begins one: in the first place that no other writer has.
 *
 * @throws {GuardError} `audit_locked` while another writer has it; `audit_tampered` and
 * `audit_rolled_back` for one that is not as it was left; `audit_error` when the disk fails.
 */
export function openLog(places: readonly LogPlace[], options: OpenOptions): OpenLog {
  for (const place of places) {
    let release: Release | undefined;
    try {
      place.create();
      release = takeLock(place.lock);
      if (release !== undefined) return begin(place, options, release);
    } catch (error) {
      release?.();
      throw isGuardError(error) ? error : unopened(place, error);
    }
  }
  const names = places.map(({ name }) => name).join(', ');
  throw new GuardError(
    'audit_locked',
    `another writer has the log ${names}; a log has one writer: end the other process, give this one a log of its own, or let more processes write with slots`,
  );
}

function unopened({ name }: LogPlace, cause: unknown): GuardError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GuardError('audit_error', `the log ${name} cannot be opened (${reason})`, { cause });
}

function begin(place: LogPlace, options: OpenOptions, release: () => void): OpenLog {
  const { key, limits, clock } = options;
  const { found, dropped, storage, mark } = place.open();
  const keep = { mark, checkpoint: place.keepCheckpoint, anchored: evict };
  const keeper = checkpoints(keep, options);
  const writer = logWriter({
    key,
    log: found?.log ?? logId(),
    head: found?.chain.head ?? CHAIN_START.head,
    tree: found?.chain.tree ?? compactRange(),
    open: found?.open ?? new Set(),
    storage: { ...storage, close: closeAll },
    limits,
    clock,
    admit: admission(place, options, found),
    arrived: async () => place.arrive?.(writer.state.log),
    opening: openingOf(found, dropped),
    written: keeper.reached,
  });
  let closing: Promise<void> | undefined;

  function closeAll(): void {
    try {
      storage.close();
    } finally {
      release();
    }
  }

  async function evict(anchored: number): Promise<void> {
    // What is given up while the log closes would be said behind its last entry.
    const eviction = closing === undefined ? place.evict?.(anchored, clock()) : undefined;
    if (eviction === undefined) return;
    const { payload } = eviction;
    await writer.say({ kind: 'segment', action: 'segments.evicted', actor: 'guard', payload });
    eviction.carryOut(writer.state.open);
  }

  async function close(): Promise<void> {
    try {
      await writer.say({ kind: 'close', action: 'log.closed', actor: 'guard' });
      await keeper.finish(writer.state);
    } finally {
      keeper.stop();
      await writer.end();
    }
    await leave();
  }

  /** The log is closed and whole; that nobody else says so must not fail whoever closed it. */
  async function leave(): Promise<void> {
    await place.leave?.(writer.state).catch((error: unknown) => {
      options.logger?.warn(`the registry was not told that the log closed: ${String(error)}`);
    });
  }

  return {
    log: writer.state.log,
    open: writer.state.open,
    append: writer.append,
    close: () => (closing ??= close()),
  };
}

/** Compares the log with its anchors. What they contradict stays refused. */
function admission(
  { rootAt }: LogPlace,
  { anchors, signer, anchorTimeoutMs }: OpenOptions,
  found: FoundLog | undefined,
): () => Promise<void> {
  if (found === undefined || signer === undefined || anchors.length === 0) {
    return () => Promise.resolve();
  }
  const { log, chain, from } = found;
  // What was anchored last is where the mark stands, as a rule: then nothing before it is read.
  const known = (size: number): Buffer | undefined =>
    size === from.size ? compactRange(size, from.peaks).root() : rootAt(size, from);
  const asFound = { log, size: chain.size, rootAt: known };
  let refused: GuardError | undefined;
  return async () => {
    if (refused !== undefined) throw refused;
    try {
      await checkAnchors(asFound, anchors, verifierOf(signer), anchorTimeoutMs);
    } catch (error) {
      // One that does not answer may answer the next time.
      if (isGuardError(error) && error.code !== 'audit_error') refused = error;
      throw error;
    }
  };
}

function openingOf(found: FoundLog | undefined, dropped: unknown): AuditDraft {
  const more = { ...(dropped === undefined ? {} : { dropped }), pid: process.pid };
  if (found === undefined) {
    const payload = { durability: 'disk', ...more };
    return { kind: 'genesis', action: 'log.opened', actor: 'guard', payload };
  }
  const { closed, open } = found;
  // What was allowed and did not come to an end that anybody saw is never run again by itself.
  const unknown = [...open].slice(0, NAMED);
  const payload = { closed, unknown, unknownCount: open.size, ...more };
  return { kind: 'recovery', action: 'log.reopened', actor: 'guard', payload };
}

/** So many attempts are named in one entry. */
const NAMED = 1000;
