import type { Logger } from '@guardstile/core';

import type { Anchor } from './anchor.ts';
import { signCheckpoint } from './checkpoint.ts';
import type { LogState } from './log-storage.ts';
import type { NoteSigner } from './signed-note.ts';

export interface CheckpointOptions {
  /** Absent: only the mark for a quick start is written. */
  readonly signer: NoteSigner | undefined;
  readonly anchors: readonly Anchor[];
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
}

/** Signs where the log stands, from time to time. */
export interface Checkpoints {
  /** How many entries the last checkpoint that all anchors keep holds. */
  readonly anchored: number;
  /** Told of every batch that is on disk. */
  reached(state: LogState): void;
  /** Signs what is not signed yet and waits for the anchors. */
  finish(state: LogState): Promise<void>;
}

export function checkpoints(keep: Keep, options: CheckpointOptions): Checkpoints {
  const { signer, anchors, every, everyMs, logger } = options;
  let signed = 0;
  let anchored = 0;
  let timer: NodeJS.Timeout | undefined;
  let publishing: Promise<void> = Promise.resolve();

  function take(state: LogState): void {
    clearTimeout(timer);
    timer = undefined;
    const { log, size } = state;
    if (size === signed) return;
    keep.mark(state);
    signed = size;
    if (signer === undefined) return;
    const note = signCheckpoint({ origin: log, size, root: state.root() }, signer);
    keep.checkpoint(note);
    publishing = publishing.then(() => publish(log, note, size));
  }

  async function publish(log: string, note: string, size: number): Promise<void> {
    const results = await Promise.allSettled(anchors.map(async (one) => one.publish(log, note)));
    const failures = results.filter((result) => result.status === 'rejected');
    if (failures.length === 0) anchored = size;
    for (const { reason } of failures) {
      logger?.warn(`the checkpoint of ${log} at ${size} was not anchored: ${String(reason)}`);
    }
  }

  /** A process must not stay up for it, and a failure must not end it: the next batch tries again. */
  function later(state: LogState): void {
    timer ??= setTimeout(() => {
      try {
        take(state);
      } catch (error) {
        timer = undefined;
        logger?.warn(`no checkpoint could be written: ${String(error)}`);
      }
    }, everyMs).unref();
  }

  return {
    get anchored() {
      return anchored;
    },
    reached(state) {
      if (state.size - signed >= every) take(state);
      else later(state);
    },
    async finish(state) {
      take(state);
      await publishing;
    },
  };
}
