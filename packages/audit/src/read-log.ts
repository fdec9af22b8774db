import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename } from 'node:path';

import { type AuditEntry, GuardError } from '@guardstile/core';

import { CHAIN_START, type ChainCheck, chainCheck, type ChainPoint } from './chain-check.ts';
import { readMark } from './log-mark.ts';
import { readLines } from './read-lines.ts';
import { readRows } from './sqlite-rows.ts';
import { listSegments, type Segment } from './segments.ts';
import { logsIn } from './slots.ts';

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

/**
 * Reads and checks a log, in a directory or in a database file; without the key everything but the
 * authenticity of single entries.
 */
export function readLog(path: string, key: KeyObject | undefined): LogReading {
  if (statSync(path).isFile()) {
    const chain = chainCheck(CHAIN_START, key);
    return { chain, start: CHAIN_START, steps: rowSteps(path, chain) };
  }
  if (logsIn(path).length > 1) {
    throw new GuardError(
      'options_invalid',
      `${path} holds several logs: take one of logsIn(path), or verifyLogs(path) for all of them`,
    );
  }
  const start = readMark(path, 'base', key) ?? CHAIN_START;
  const chain = chainCheck(start, key);
  return { chain, start, steps: lineSteps(listSegments(path), chain, start.size) };
}

function* rowSteps(path: string, chain: ChainCheck): Generator<LogStep, void, undefined> {
  for (const { line, fault: wrong } of readRows(path)) {
    const bytes = Buffer.from(line);
    const read = wrong === undefined ? chain.next(bytes) : { fault: wrong };
    if ('fault' in read) {
      const { size: seq } = chain;
      yield { fault: { file: basename(path), offset: undefined, seq, reason: read.fault } };
      return;
    }
    yield { entry: read.entry, line: bytes };
  }
}

function* lineSteps(
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
      const read = terminated ? chain.next(bytes) : { fault: 'it was cut off' };
      if ('fault' in read) {
        yield { fault: { file, offset, seq: chain.size, reason: read.fault } };
        return;
      }
      yield { entry: read.entry, line: bytes };
    }
  }
}
