import type { KeyObject } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { type AuditDraft, GuardError, type Logger } from '@guardstile/core';

import type { Anchor } from './anchor.ts';
import { checkAnchors } from './check-anchors.ts';
import { CHAIN_START } from './chain-check.ts';
import { checkpoints } from './checkpoints.ts';
import { compactRange } from './compact-range.ts';
import { logId } from './log-id.ts';
import { type LogWriter, logWriter, type WriterLimits } from './log-writer.ts';
import { recover, type Recovered } from './recover.ts';
import { segmentAt } from './segments.ts';
import { type NoteSigner, verifierOf } from './signed-note.ts';
import { takeLock } from './writer-lock.ts';

export interface OpenOptions {
  readonly key: KeyObject;
  readonly signer: NoteSigner | undefined;
  readonly anchors: readonly Anchor[];
  readonly limits: WriterLimits;
  readonly checkpointEvery: number;
  readonly checkpointEveryMs: number;
  readonly acceptDamagedTail: boolean;
  readonly clock: () => number;
  readonly logger: Logger | undefined;
}

/** A log that this process writes. */
export interface OpenLog {
  readonly log: string;
  readonly directory: string;
  append: LogWriter['append'];
  close(): Promise<void>;
}

/**
 * Opens the log in a directory for writing, or begins one.
 *
 * @throws {GuardError} `audit_locked` while another writer has it; `audit_tampered` and
 * `audit_rolled_back` for one that is not as it was left.
 */
export function openLog(directory: string, options: OpenOptions): OpenLog {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const release = takeLock(join(directory, 'lock'));
  if (release === undefined) {
    throw new GuardError(
      'audit_locked',
      `another writer has the log in ${directory}; a log has one writer: end the other process, or give this one a directory of its own`,
    );
  }
  try {
    return begin(directory, options, release);
  } catch (error) {
    release();
    throw error;
  }
}

function begin(directory: string, options: OpenOptions, release: () => void): OpenLog {
  const { key, signer, anchors, limits, clock } = options;
  const found = recover(directory, options);
  const log = found?.log ?? logId();
  const keeper = checkpoints(directory, {
    key,
    signer,
    anchors,
    every: options.checkpointEvery,
    everyMs: options.checkpointEveryMs,
    logger: options.logger,
  });
  const writer = logWriter({
    directory,
    key,
    log,
    head: found?.chain.head ?? CHAIN_START.head,
    tree: found?.chain.tree ?? compactRange(),
    segment: found?.segment ?? segmentAt(directory, 0),
    offset: found?.offset ?? 0,
    open: found?.open ?? new Set(),
    limits,
    clock,
    written: keeper.reached,
  });
  const ready = start(directory, options, found, writer);
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
    log,
    directory,
    async append(draft) {
      await ready;
      return writer.append(draft);
    },
    close: () => (closing ??= close()),
  };
}

/** Compares the log with its anchors, and writes its first entry of this process. */
async function start(
  directory: string,
  { anchors, signer }: OpenOptions,
  found: Recovered | undefined,
  writer: LogWriter,
): Promise<void> {
  if (found !== undefined && signer !== undefined && anchors.length > 0) {
    const { log, chain } = found;
    await checkAnchors({ directory, log, size: chain.size }, anchors, verifierOf(signer));
  }
  await writer.append(firstEntry(found));
}

function firstEntry(found: Recovered | undefined): AuditDraft {
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
