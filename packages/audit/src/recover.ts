import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename } from 'node:path';

import { GuardError } from '@guardstile/core';

import { chainCheck, CHAIN_START, type ChainCheck, type ChainPoint } from './chain-check.ts';
import { followWriter } from './follow-attempts.ts';
import { cutTail, type Dropped } from './log-file.ts';
import { readLines } from './read-lines.ts';
import { type LogMark, readMark } from './log-mark.ts';
import { listSegments, type Segment } from './segments.ts';

/** What was found in a directory. */
export interface Recovery {
  /** Absent where there is no log yet. */
  readonly found: Recovered | undefined;
  /** What was put aside. */
  readonly dropped: Dropped | undefined;
}

/** A log as it was found on disk. */
export interface Recovered {
  readonly log: string;
  readonly chain: ChainCheck;
  /** Where its reading began. */
  readonly from: ChainPoint;
  readonly segment: Segment;
  /** Where the next line goes. */
  readonly offset: number;
  /** Attempts that were allowed and have no outcome: whether they took effect is unknown. */
  readonly open: Set<string>;
  /** Whether its last writer closed it. */
  readonly closed: boolean;
}

/** What may be done about a log that does not end as its writer left it. */
export interface RecoveryOptions {
  readonly key: KeyObject;
  /** What a batch that was being written left behind: lines without an end, or with holes of zeros. */
  readonly tornTail: 'cut' | 'refuse';
  /** Anything else that is not authentic and comes after the last mark. */
  readonly damagedTail: 'cut' | 'refuse';
}

/**
 * Reads a log from its last mark to its end. A line that was being written when its writer ended is
 * put aside; anything else that is not as it was written refuses.
 *
 * @throws {GuardError} `audit_tampered` with file, offset, position and reason; `audit_rolled_back`
 * when the log is shorter than its own mark says.
 */
export function recover(directory: string, options: RecoveryOptions): Recovery {
  const segments = listSegments(directory);
  const [oldest] = segments;
  if (oldest === undefined) return { found: undefined, dropped: undefined };
  const base = readMark(directory, 'base', options.key);
  const mark = readMark(directory, 'mark', options.key) ?? base;
  if (oldest.first > (base?.size ?? 0)) {
    throw tampered(
      oldest,
      0,
      oldest.first,
      'older segments are gone, and nothing says what they held',
    );
  }
  const from = mark ?? CHAIN_START;
  const reading = startReading(mark, options);
  for (const segment of segmentsFrom(segments, mark)) readSegment(reading, segment);
  const { at, chain, log, open, closed, dropped } = reading;
  const found =
    at === undefined || log === undefined ? undefined : { log, chain, from, ...at, open, closed };
  return { found, dropped };
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
    const read = line.terminated ? chain.next(line.bytes) : { fault: 'it was cut off' };
    if ('fault' in read) {
      // No entry holds a zero: where one is, the disk had not got everything when it lost power.
      const torn = !line.terminated || line.bytes.includes(0);
      if (!last || (torn ? options.tornTail : options.damagedTail) === 'refuse') {
        throw tampered(segment, line.offset, chain.size, read.fault);
      }
      reading.dropped = cutTail(segment, line.offset);
      return;
    }
    const { entry } = read;
    reading.at = { segment, offset: line.offset + line.bytes.length + 1 };
    reading.log ??= entry.log;
    reading.closed = entry.kind === 'close';
    followWriter(reading.open, entry);
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
