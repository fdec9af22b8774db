import type { KeyObject } from 'node:crypto';

import type { AuditEntry } from '@guardstile/core';

import { chainCheck, type ChainPoint } from './chain-check.ts';
import { followAttempts } from './follow-attempts.ts';
import { type LogFault, type Piece, pieceSteps } from './read-log.ts';

/** What the reading of a piece begins with. */
export interface PieceStart {
  readonly from: ChainPoint;
  /** Id of the log, where it is known. */
  readonly log: string | undefined;
}

/** What a piece holds: nothing but data, so that another thread can say it. */
export interface PieceReport extends PieceStart {
  readonly to: ChainPoint;
  /** Where the chain stood after as many entries as were asked for, in order. */
  readonly points: readonly RootPoint[];
  readonly tally: Tally;
  /** What is wrong with it; nothing behind that was read. */
  readonly fault: LogFault | undefined;
}

export interface RootPoint {
  readonly size: number;
  /** Hash of the last entry, hexadecimal. */
  readonly head: string;
  /** Root over all entries, hexadecimal. */
  readonly root: string;
}

/** What is said of a log beside whether it is whole. */
export interface Tally {
  /** Time of the first and the last entry; absent where there is none. */
  readonly span: readonly [number, number] | undefined;
  /** How often the clock went backwards. */
  readonly clockSteps: number;
  /** How many entries at the beginning the log says that it gave up. */
  readonly given: number;
  /** Attempts that began here and did not end here. */
  readonly begun: readonly string[];
  /** Attempts that ended here and did not begin here. */
  readonly ended: readonly string[];
}

export interface PieceReading {
  readonly key: KeyObject | undefined;
  /** Sizes at which the root is asked for. */
  readonly sizes: ReadonlySet<number>;
  /** Told how many entries were read since the last time. */
  readonly progress: (entries: number) => void;
}

/** Entries between two reports of progress. */
const PROGRESS = 10_000;

/** Reads and checks one piece of a log, in memory that does not grow with it. */
export function readPiece(
  piece: Piece,
  { from, log }: PieceStart,
  { key, sizes, progress }: PieceReading,
): PieceReport {
  const chain = chainCheck(from, key, log);
  const points: RootPoint[] = [];
  const found = counting();
  let id = log;
  let fault: LogFault | undefined;
  let told = from.size;
  for (const step of pieceSteps(piece, chain)) {
    if ('fault' in step) {
      ({ fault } = step);
      break;
    }
    id ??= step.entry.log;
    found.count(step.entry);
    const { size, head } = chain;
    if (sizes.has(size)) points.push({ size, head, root: chain.tree.root().toString('hex') });
    if (size - told < PROGRESS) continue;
    progress(size - told);
    told = size;
  }
  progress(chain.size - told);
  const to = { size: chain.size, head: chain.head, peaks: chain.tree.peaks };
  return { from, to, log: id, points, tally: found.tally(), fault };
}

interface Counting {
  count(entry: AuditEntry): void;
  tally(): Tally;
}

function counting(): Counting {
  const begun = new Set<string>();
  const ended = new Set<string>();
  let first: number | undefined;
  let last = -Infinity;
  let clockSteps = 0;
  let given = 0;
  return {
    count(entry) {
      const { kind, attempt, ts } = entry;
      if (kind === 'segment') given = Math.max(given, givenUp(entry));
      if (ts < last) clockSteps += 1;
      first ??= ts;
      last = ts;
      if (kind === 'outcome' && attempt !== undefined && !begun.has(attempt)) ended.add(attempt);
      followAttempts(begun, entry);
    },
    tally: () => ({
      span: first === undefined ? undefined : [first, last],
      clockSteps,
      given,
      begun: [...begun],
      ended: [...ended],
    }),
  };
}

function givenUp({ action, payload }: AuditEntry): number {
  if (action !== 'segments.evicted') return 0;
  const { entries } = (payload ?? {}) as { readonly entries?: { readonly to?: unknown } };
  return typeof entries?.to === 'number' ? entries.to + 1 : 0;
}
