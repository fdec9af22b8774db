import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename } from 'node:path';

import { GuardError } from '@guardstile/core';

import { chainCheck, CHAIN_START, type ChainCheck, isFault } from './chain-check.ts';
import { followAttempts } from './follow-attempts.ts';
import { cutTail, type Dropped } from './log-file.ts';
import { readLines } from './read-lines.ts';
import { type LogMark, readMark } from './log-mark.ts';
import { listSegments, type Segment } from './segments.ts';

/** A log as it was found on disk. */
export interface Recovered {
  readonly log: string;
  readonly chain: ChainCheck;
  readonly segment: Segment;
  /** Where the next line goes. */
  readonly offset: number;
  /** Attempts that were allowed and have no outcome: whether they took effect is unknown. */
  readonly open: Set<string>;
  /** Whether its last writer closed it. */
  readonly closed: boolean;
  readonly dropped: Dropped | undefined;
}

/** What may be done about a log that does not end as its writer left it. */
export interface RecoveryOptions {
  readonly key: KeyObject;
  /** Cuts off a whole last line that is not authentic, too. */
  readonly acceptDamagedTail: boolean;
}

/**
 * Reads a log from its last mark to its end. A line that was being written when its writer ended is
 * put aside; anything else that is not as it was written refuses.
 *
 * @returns `undefined` when there is no log yet.
 * @throws {GuardError} `audit_tampered` with file, offset, position and reason; `audit_rolled_back`
 * when the log is shorter than its own mark says.
 */
export function recover(directory: string, options: RecoveryOptions): Recovered | undefined {
  const segments = listSegments(directory);
  const [oldest] = segments;
  if (oldest === undefined) return undefined;
  const mark = readMark(directory, 'mark', options.key) ?? readMark(directory, 'base', options.key);
  if (mark === undefined && oldest.first > 0) {
    throw tampered(
      oldest,
      0,
      oldest.first,
      'older segments are gone, and nothing says what they held',
    );
  }
  const reading = startReading(mark, options);
  for (const segment of segmentsFrom(segments, mark)) readSegment(reading, segment);
  const { at, chain, log, open, closed, dropped } = reading;
  if (at === undefined || log === undefined) return undefined;
  return { log, chain, ...at, open, closed, dropped };
}

/** The segments that have to be read, the first one from the mark's offset on. */
function segmentsFrom(
  segments: readonly Segment[],
  mark: LogMark | undefined,
): readonly SegmentRest[] {
  const first = mark?.segment ?? 0;
  const rest = segments.filter((segment) => segment.first >= first);
  const [start] = rest;
  if (mark !== undefined && (start?.first !== first || sizeOf(start) < mark.offset)) {
    throw new GuardError(
      'audit_rolled_back',
      `the log holds less than the ${mark.size} entries that it held before; restore what was cut off, or keep this one as evidence and start a new log elsewhere`,
    );
  }
  return rest.map((segment, i) => ({
    segment,
    from: segment.first === first ? (mark?.offset ?? 0) : 0,
    last: i === rest.length - 1,
  }));
}

/** What is left to be read of a segment. */
interface SegmentRest {
  readonly segment: Segment;
  readonly from: number;
  readonly last: boolean;
}

interface Reading {
  readonly options: RecoveryOptions;
  readonly chain: ChainCheck;
  readonly open: Set<string>;
  log: string | undefined;
  closed: boolean;
  at: { readonly segment: Segment; readonly offset: number } | undefined;
  dropped: Dropped | undefined;
}

function startReading(mark: LogMark | undefined, options: RecoveryOptions): Reading {
  return {
    options,
    chain: chainCheck(mark ?? CHAIN_START, options.key, mark?.log),
    open: new Set(mark?.open),
    log: mark?.log,
    closed: mark?.closed ?? false,
    at: undefined,
    dropped: undefined,
  };
}

function readSegment(reading: Reading, { segment, from, last }: SegmentRest): void {
  const { chain, options } = reading;
  if (from === 0 && segment.first !== chain.size) {
    throw tampered(
      segment,
      0,
      chain.size,
      `it starts with entry ${segment.first}, not ${chain.size}`,
    );
  }
  reading.at = { segment, offset: from };
  for (const line of readLines(segment.path, from)) {
    // A line without its end was never acknowledged, whatever it holds.
    const entry = line.terminated ? chain.next(line.bytes) : { fault: 'it was cut off' };
    if (isFault(entry)) {
      const ends = line.offset + line.bytes.length + 1 >= sizeOf(segment);
      if (!(last && ends && (!line.terminated || options.acceptDamagedTail))) {
        throw tampered(segment, line.offset, chain.size, entry.fault);
      }
      reading.dropped = cutTail(segment, line.offset);
      return;
    }
    reading.at = { segment, offset: line.offset + line.bytes.length + 1 };
    reading.log ??= entry.log;
    reading.closed = entry.kind === 'close';
    followAttempts(reading.open, entry);
  }
}

function sizeOf({ path }: Segment): number {
  return statSync(path).size;
}

function tampered(segment: Segment, offset: number, seq: number, reason: string): GuardError {
  return new GuardError(
    'audit_tampered',
    `${basename(segment.path)}, offset ${offset}, entry ${seq}: ${reason}; verify the log, keep it as evidence, and start a new one elsewhere`,
  );
}
