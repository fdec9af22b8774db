import type { Logger } from '@guardstile/core';

import type { Anchor } from './anchor.ts';
import { signCheckpoint } from './checkpoint.ts';
import type { LogState } from './log-storage.ts';
import type { NoteSigner } from './signed-note.ts';
import { within } from './within.ts';

export interface CheckpointOptions {
  /** Absent: only the mark for a quick start is written. */
  readonly signer: NoteSigner | undefined;
  readonly anchors: readonly Anchor[];
  /** How long an anchor may take, in milliseconds. */
  readonly anchorTimeoutMs: number;
  /** After so many entries. */
  readonly every: number;
  /** After so many milliseconds, where entries came in. */
  readonly everyMs: number;
  readonly logger: Logger | undefined;
}

/** Where it is kept beside the log. */
export interface Keep {
  /** Notes where the log stands, for whoever opens it next. */
  mark(state: LogState): void;
  checkpoint(note: string): void;
  /** Told how many entries all anchors keep. */
  anchored(size: number): Promise<void>;
}

/** Signs where the log stands, from time to time. */
export interface Checkpoints {
  /** Told of every batch that is on disk. */
  reached(state: LogState): void;
  /** Signs what is not signed yet and waits for the anchors. */
  finish(state: LogState): Promise<void>;
  /** Nothing is written afterwards. */
  stop(): void;
}

interface Signed {
  readonly log: string;
  readonly size: number;
  readonly note: string;
}

export function checkpoints(keep: Keep, options: CheckpointOptions): Checkpoints {
  const { signer, anchors, anchorTimeoutMs, every, everyMs, logger } = options;
  let written = 0;
  let latest: Signed | undefined;
  let anchored = 0;
  let timer: NodeJS.Timeout | undefined;
  /** Whether the last one could not be written: the timer tries again, not every batch. */
  let failing = false;
  let stopped = false;
  let publishing: Promise<void> | undefined;

  /** Entries are safe without it, so a failure is told and ends nothing. */
  function take(state: LogState): void {
    clearTimeout(timer);
    timer = undefined;
    if (stopped || state.size === written) return;
    try {
      write(state);
      failing = false;
    } catch (error) {
      failing = true;
      logger?.warn(`no checkpoint could be written: ${String(error)}`);
      later(state);
    }
  }

  function write(state: LogState): void {
    const { log, size } = state;
    keep.mark(state);
    if (signer !== undefined) {
      const note = signCheckpoint({ origin: log, size, root: state.root() }, signer);
      keep.checkpoint(note);
      latest = { log, size, note };
      publishing ??= publishNewest();
    }
    written = size;
  }

  /** One after the other, and only the newest: an anchor that is slow is not behind for ever. */
  async function publishNewest(): Promise<void> {
    const newest = latest;
    if (newest === undefined) return;
    await publish(newest);
    publishing = latest === newest ? undefined : publishNewest();
    await publishing;
  }

  async function publish({ log, note, size }: Signed): Promise<void> {
    const results = await Promise.allSettled(
      anchors.map(async (anchor) => within(anchor.publish(log, note), anchorTimeoutMs)),
    );
    const failures = results.filter((result) => result.status === 'rejected');
    for (const { reason } of failures) {
      logger?.warn(`the checkpoint of ${log} at ${size} was not anchored: ${String(reason)}`);
    }
    if (failures.length > 0) return;
    anchored = size;
    await keep.anchored(size).catch((error: unknown) => {
      logger?.warn(`no old entries of ${log} were given up: ${String(error)}`);
    });
  }

  /** A process must not stay up for it. */
  function later(state: LogState): void {
    timer ??= setTimeout(() => take(state), everyMs).unref();
  }

  return {
    reached(state) {
      if (!failing && state.size - written >= every) take(state);
      else later(state);
    },
    async finish(state) {
      take(state);
      await publishing;
      if (latest !== undefined && anchored < latest.size) await publish(latest);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
