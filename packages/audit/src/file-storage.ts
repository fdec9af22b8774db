import type { KeyObject } from 'node:crypto';

import type { AuditDraft } from '@guardstile/core';

import { writeMark } from './log-mark.ts';
import {
  createLogFile,
  type Dropped,
  type LogFile,
  openLogFile,
  replaceLogFile,
} from './log-file.ts';
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
  /** Where the next line goes; absent: the log begins. */
  readonly at: { readonly segment: Segment; readonly offset: number } | undefined;
  readonly limits: SegmentLimits;
}

/** Segment files of JSON lines in one directory. */
export interface FileStorage extends LogStorage {
  /** Notes where the log stands, so that opening it reads only what comes after. */
  mark(state: LogState): void;
}

export function fileStorage({ directory, key, at, limits }: FileStorageStart): FileStorage {
  let file: LogFile =
    at === undefined ? createLogFile(segmentAt(directory, 0)) : openLogFile(at.segment, at.offset);
  let begun = performance.now();

  function openNext({ size }: LogState): void {
    const before = file;
    const next = segmentAt(directory, size);
    file = next.first === before.segment.first ? replaceLogFile(next) : createLogFile(next);
    begun = performance.now();
    before.close();
  }

  /**
   * A file that failed is never written again: after a failed sync nobody knows which of its pages
   * are on disk. What was acknowledged is read back, what was not is put aside.
   */
  function leaveFile(state: LogState): Dropped | undefined {
    const dropped = file.cut();
    const { found } = recover(directory, { key, damagedTail: 'refuse', tornTail: 'refuse' });
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
      if (full && file.offset > 0) openNext(state);
      if (file.offset > 0 || state.size === 0) return undefined;
      const payload = standing(state);
      return { kind: 'segment', action: 'segment.opened', actor: 'guard', payload };
    },
    append: async (entries) => file.append(Buffer.from(entries.map(({ line }) => line).join(''))),
    mend(state, cause) {
      const dropped = leaveFile(state);
      const payload = {
        ...standing(state),
        cause,
        ...(dropped === undefined ? {} : { dropped }),
      };
      return { kind: 'recovery', action: 'log.mended', actor: 'guard', payload };
    },
    close: () => file.close(),
    mark({ log, size, head, peaks, open, closed }) {
      const { segment, offset } = file;
      const next = { segment: segment.first, offset };
      writeMark(
        directory,
        'mark',
        { log, size, head, peaks, ...next, open: [...open], closed },
        key,
      );
    },
  };
}

/** What a new file begins with: enough to go on from there when older files were given up. */
function standing({ peaks }: LogState): { readonly peaks: readonly string[] } {
  return { peaks: peaks.map((peak) => peak.toString('hex')) };
}
