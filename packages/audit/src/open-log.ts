import type { KeyObject } from 'node:crypto';

import { type AuditDraft, GuardError, type Logger } from '@guardstile/core';

import type { Anchor } from './anchor.ts';
import type { ChainCheck } from './chain-check.ts';
import { CHAIN_START } from './chain-check.ts';
import { checkAnchors } from './check-anchors.ts';
import { checkpoints } from './checkpoints.ts';
import { compactRange } from './compact-range.ts';
import { logId } from './log-id.ts';
import type { LogState, LogStorage } from './log-storage.ts';
import { type LogWriter, logWriter, type WriterLimits } from './log-writer.ts';
import { type NoteSigner, verifierOf } from './signed-note.ts';
import { takeLock } from './writer-lock.ts';

/** A log as it was found. */
export interface FoundLog {
  readonly log: string;
  readonly chain: ChainCheck;
  /** Attempts that were allowed and have no outcome: whether they took effect is unknown. */
  readonly open: Set<string>;
  /** Whether its last writer closed it. */
  readonly closed: boolean;
  /** What was put aside, for the entry that says so. */
  readonly dropped: unknown;
}

/** Where a log is kept. */
export interface LogPlace {
  readonly name: string;
  /** Path of a file that only the log's writer locks. */
  readonly lock: string;
  /** Called with the lock. */
  open(): {
    readonly found: FoundLog | undefined;
    readonly storage: LogStorage;
    readonly mark: (state: LogState) => void;
  };
  keepCheckpoint(note: string): void;
  /** The root over the first entries; `undefined` where they are not there to be read. */
  rootAt(size: number): Buffer | undefined;
}

export interface OpenOptions {
  readonly key: KeyObject;
  readonly signer: NoteSigner | undefined;
  readonly anchors: readonly Anchor[];
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
  append: LogWriter['append'];
  close(): Promise<void>;
}

/**
 * Opens a log for writing, or begins one.
 *
 * @throws {GuardError} `audit_locked` while another writer has it; `audit_tampered` and
 * `audit_rolled_back` for one that is not as it was left.
 */
export function openLog(place: LogPlace, options: OpenOptions): OpenLog {
  const release = takeLock(place.lock);
  if (release === undefined) {
    throw new GuardError(
      'audit_locked',
      `another writer has the log ${place.name}; a log has one writer: end the other process, or give this one a log of its own`,
    );
  }
  try {
    return begin(place, options, release);
  } catch (error) {
    release();
    throw error;
  }
}

function begin(place: LogPlace, options: OpenOptions, release: () => void): OpenLog {
  const { key, limits, clock } = options;
  const { found, storage, mark } = place.open();
  const keeper = checkpoints({ mark, checkpoint: place.keepCheckpoint }, options);
  const writer = logWriter({
    key,
    log: found?.log ?? logId(),
    head: found?.chain.head ?? CHAIN_START.head,
    tree: found?.chain.tree ?? compactRange(),
    open: found?.open ?? new Set(),
    storage,
    limits,
    clock,
    written: keeper.reached,
  });
  const ready = start(place, options, found, writer);
  // Whoever appends is told; a log that nobody writes to must not end its process.
  ready.catch(() => undefined);
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    try {
      await ready;
      await writer.append({ kind: 'close', action: 'log.closed', actor: 'guard' });
      await keeper.finish(writer.state);
    } finally {
      await writer.end();
      release();
    }
  }

  return {
    log: writer.state.log,
    async append(draft) {
      await ready;
      return writer.append(draft);
    },
    close: () => (closing ??= close()),
  };
}

/** Compares the log with its anchors, and writes its first entry of this process. */
async function start(
  { rootAt }: LogPlace,
  { anchors, signer }: OpenOptions,
  found: FoundLog | undefined,
  writer: LogWriter,
): Promise<void> {
  if (found !== undefined && signer !== undefined && anchors.length > 0) {
    const { log, chain } = found;
    await checkAnchors({ log, size: chain.size, rootAt }, anchors, verifierOf(signer));
  }
  await writer.append(firstEntry(found));
}

function firstEntry(found: FoundLog | undefined): AuditDraft {
  if (found === undefined) {
    return {
      kind: 'genesis',
      action: 'log.opened',
      actor: 'guard',
      payload: { durability: 'disk', pid: process.pid },
    };
  }
  const { closed, open, dropped } = found;
  const payload = {
    closed,
    // What was allowed and did not come to an end that anybody saw is never run again by itself.
    unknown: [...open].slice(0, 1000),
    ...(dropped === undefined ? {} : { dropped }),
    pid: process.pid,
  };
  return { kind: 'recovery', action: 'log.reopened', actor: 'guard', payload };
}
