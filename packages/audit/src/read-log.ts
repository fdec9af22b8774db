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

/** A part of a log that is read in one go: one of its files. */
export interface Piece {
  /** Of the log. */
  readonly path: string;
  /** Absent for a database. */
  readonly segment: Segment | undefined;
  /** Whether a line without its end may be one that is still being written. */
  readonly last: boolean;
}

/** The pieces of a log in their order, and where the chain stands before the first one. */
export interface Pieces {
  readonly start: ChainPoint;
  readonly pieces: readonly Piece[];
}

export function piecesOf(path: string, key: KeyObject | undefined): Pieces {
  if (statSync(path).isFile()) {
    return { start: CHAIN_START, pieces: [{ path, segment: undefined, last: true }] };
  }
  if (logsIn(path).length > 1) {
    throw new GuardError(
      'options_invalid',
      `${path} holds several logs: take one of logsIn(path), or verifyLogs(path) for all of them`,
    );
  }
  const start = readMark(path, 'base', key) ?? CHAIN_START;
  const segments = listSegments(path).filter(({ first }) => first >= start.size);
  const pieces = segments.map((segment, i) => ({ path, segment, last: i === segments.length - 1 }));
  return { start, pieces };
}

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
  const { start, pieces } = piecesOf(path, key);
  const chain = chainCheck(start, key);
  return { chain, start, steps: allSteps(pieces, chain) };
}

function* allSteps(
  pieces: readonly Piece[],
  chain: ChainCheck,
): Generator<LogStep, void, undefined> {
  for (const piece of pieces) {
    for (const step of pieceSteps(piece, chain)) {
      yield step;
      if ('fault' in step) return;
    }
  }
}

/** Goes on with the chain through one piece; ends with the first fault. */
export function pieceSteps(
  { path, segment, last }: Piece,
  chain: ChainCheck,
): Generator<LogStep, void, undefined> {
  return segment === undefined ? rowSteps(path, chain) : lineSteps(segment, chain, last);
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
  { path, first }: Segment,
  chain: ChainCheck,
  last: boolean,
): Generator<LogStep, void, undefined> {
  const file = basename(path);
  if (first !== chain.size) {
    const reason = `it starts with entry ${first}, not ${chain.size}`;
    yield { fault: { file, offset: 0, seq: chain.size, reason } };
    return;
  }
  for (const { bytes, offset, terminated } of readLines(path)) {
    if (!terminated && last) return;
    const read = terminated ? chain.next(bytes) : { fault: 'it was cut off' };
    if ('fault' in read) {
      yield { fault: { file, offset, seq: chain.size, reason: read.fault } };
      return;
    }
    yield { entry: read.entry, line: bytes };
  }
}
