import type { KeyObject } from 'node:crypto';
import { basename } from 'node:path';

import type { AuditEntry } from '@guardstile/core';

import {
  CHAIN_START,
  type ChainCheck,
  chainCheck,
  type ChainPoint,
  isFault,
} from './chain-check.ts';
import { readMark } from './log-mark.ts';
import { readLines } from './read-lines.ts';
import { listSegments, type Segment } from './segments.ts';

/** What is wrong with a log, and where. */
export interface LogFault {
  /** Absent where no single line is at fault. */
  readonly file: string | undefined;
  /** In bytes. */
  readonly offset: number | undefined;
  /** Position of the entry that was expected there. */
  readonly seq: number;
  readonly reason: string;
}

/** One step through a log. */
export type LogStep =
  | {
      readonly entry: AuditEntry;
      /** As it is stored; good until the next step. */
      readonly line: Buffer;
    }
  | { readonly fault: LogFault };

/** A log that is read from its first entry that is still there. */
export interface LogReading {
  readonly chain: ChainCheck;
  /** Where it starts: entries before were given up. */
  readonly start: ChainPoint;
  /** Ends with the last entry, or with the first fault. A line that is still being written is none. */
  readonly steps: Generator<LogStep, void, undefined>;
}

/** Reads and checks a log; without the key everything but the authenticity of single entries. */
export function readLog(directory: string, key: KeyObject | undefined): LogReading {
  const start = readMark(directory, 'base', key) ?? CHAIN_START;
  const chain = chainCheck(start, key);
  return { chain, start, steps: stepsOf(listSegments(directory), chain, start.size) };
}

function* stepsOf(
  segments: readonly Segment[],
  chain: ChainCheck,
  from: number,
): Generator<LogStep, void, undefined> {
  for (const segment of segments) {
    if (segment.first < from) continue;
    const file = basename(segment.path);
    if (segment.first !== chain.size) {
      const reason = `it starts with entry ${segment.first}, not ${chain.size}`;
      yield { fault: { file, offset: 0, seq: chain.size, reason } };
      return;
    }
    for (const { bytes, offset, terminated } of readLines(segment.path)) {
      if (!terminated && segment === segments.at(-1)) return;
      const entry = terminated ? chain.next(bytes) : { fault: 'it was cut off' };
      if (isFault(entry)) {
        yield { fault: { file, offset, seq: chain.size, reason: entry.fault } };
        return;
      }
      yield { entry, line: bytes };
    }
  }
}
