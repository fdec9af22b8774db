import type { KeyObject } from 'node:crypto';
import { rmSync } from 'node:fs';

import type { AuditDraft } from '@guardstile/core';

import { writeMark } from './log-mark.ts';
import { cutTail, type Dropped, openLogFile } from './log-file.ts';
import type { LogState, LogStorage } from './log-storage.ts';
import { recover } from './recover.ts';
import { type Segment, segmentAt } from './segments.ts';

/** When a new segment is begun. */
export interface SegmentLimits {
  /** In bytes. */
  readonly segmentBytes: number;
  /** In milliseconds. */
  readonly segmentMs: number;
}

export interface FileStorageStart {
  readonly directory: string;
  readonly key: KeyObject;
  readonly segment: Segment;
  /** Where the next line goes. */
  readonly offset: number;
  readonly limits: SegmentLimits;
}

/** Segment files of JSON lines in one directory. */
export interface FileStorage extends LogStorage {
  /** Notes where the log stands, so that opening it reads only what comes after. */
  mark(state: LogState): void;
}

export function fileStorage(start: FileStorageStart): FileStorage {
  const { directory, key, limits } = start;
  let file = openLogFile(start.segment, start.offset);
  let begun = performance.now();

  function openNext({ size }: LogState): void {
    file.close();
    file = openLogFile(segmentAt(directory, size), 0);
    begun = performance.now();
  }

  /**
   * A file that failed is never written again: after a failed sync nobody knows which of its pages
   * are on disk. What was acknowledged is read back, what was not is put aside.
   */
  function leaveFile(state: LogState): Dropped | undefined {
    const { segment, offset } = file;
    const dropped = cutTail(segment, offset);
    if (offset === 0) rmSync(segment.path);
    const found = recover(directory, { key, acceptDamagedTail: false });
    const whole =
      found === undefined
        ? state.size === 0
        : found.chain.size === state.size && found.chain.head === state.head;
    if (!whole) throw new Error('what is on disk is not what was acknowledged; verify the log');
    openNext(state);
    return dropped;
  }

  return {
    prepare(state): AuditDraft | undefined {
      const full =
        file.offset >= limits.segmentBytes || performance.now() - begun >= limits.segmentMs;
      if (!full || file.offset === 0) return undefined;
      const payload = { previous: file.segment.first };
      openNext(state);
      return { kind: 'segment', action: 'segment.opened', actor: 'guard', payload };
    },
    append: async (entries) => file.append(Buffer.from(entries.map(({ line }) => line).join(''))),
    mend(state, cause) {
      const dropped = leaveFile(state);
      const payload = { cause, ...(dropped === undefined ? {} : { dropped }) };
      return { kind: 'recovery', action: 'log.mended', actor: 'guard', payload };
    },
    close: () => file.close(),
    mark({ log, size, head, peaks, open, closed }) {
      const { segment, offset } = file;
      const at = { segment: segment.first, offset };
      writeMark(directory, 'mark', { log, size, head, peaks, ...at, open: [...open], closed }, key);
    },
  };
}
