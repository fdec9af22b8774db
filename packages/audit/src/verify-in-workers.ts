import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';

import type { ChainPoint } from './chain-check.ts';
import { claimedStart } from './claimed-start.ts';
import { logEntries } from './file-entries.ts';
import { type Piece, piecesOf } from './read-log.ts';
import { type PieceReport, type PieceStart, readPiece } from './read-piece.ts';
import { type ReadingThreads, readInThreads } from './reading-threads.ts';
import { readRegistry } from './registry.ts';
import type { Job } from './serve-reading.ts';
import { logsIn, registryPath } from './slots.ts';
import { againstOf, type VerifyOptions, type VerifyReport } from './verify-log.ts';
import { verifyEach } from './verify-logs.ts';

export interface WorkerOptions {
  /** How many threads read at once; 0: none but this one. @default as many as the machine has processors, none for small logs */
  readonly workers?: number;
  /** Told how many entries were read, of all logs together. */
  readonly progress?: (entries: number) => void;
}

/** Below so many bytes threads cost more than they save. */
const SMALL = 32 * 1024 * 1024;

/**
 * Verifies the logs at several paths as `verifyLogs` does, with threads that read their files ahead.
 * A file counts as read only if it is whole and what was verified before ends where it begins; any
 * other is read again, in order, so that the result is the same.
 *
 * @throws {GuardError} as `verifyLogs`, and `audit_error` when a thread fails.
 */
export async function verifyInWorkers(
  paths: readonly string[],
  options: VerifyOptions = {},
  { workers, progress = () => undefined }: WorkerOptions = {},
): Promise<readonly VerifyReport[]> {
  const against = againstOf(options, progress);
  const { key, sizes } = against;
  const jobs = paths.flatMap((path) => jobsAt(path, key, sizes));
  const bytes = jobs.reduce((sum, { piece }) => sum + sizeOf(piece), 0);
  const threads = workers ?? (bytes < SMALL ? 0 : availableParallelism());
  const read = await readAhead(jobs, { threads, setup: { key }, progress: against.progress });
  return paths.flatMap((path) => verifyEach(path, { ...against, read }));
}

/** Reads a piece, or takes what a thread says of it. */
export async function readAhead(
  jobs: readonly Job[],
  threads: ReadingThreads,
): Promise<typeof readPiece> {
  // One file alone is read in order anyway.
  if (threads.threads <= 0 || jobs.length < 2) return readPiece;
  const reports = await readInThreads(jobs, threads);
  const found = new Map(jobs.map(({ piece }, i) => [nameOf(piece), reports[i]]));
  return (piece, start, reading) => {
    const report = found.get(nameOf(piece));
    const counts = report !== undefined && continues(report, start) && saysAll(report, reading);
    return counts ? report : readPiece(piece, start, reading);
  };
}

export function jobsAt(
  path: string,
  key: KeyObject | undefined,
  asked: ReadonlySet<number>,
): readonly Job[] {
  const sizes = new Set([...asked, ...sizesLeft(path, key)]);
  return logsIn(path).flatMap((at) => {
    const { start, pieces } = piecesOf(at, key);
    return pieces.flatMap((piece) => {
      const from = startOf(piece, start);
      return from === undefined ? [] : [{ piece, start: from, sizes }];
    });
  });
}

function startOf({ segment }: Piece, from: ChainPoint): PieceStart | undefined {
  const first = segment === undefined || segment.first === from.size;
  return first ? { from, log: undefined } : claimedStart(segment);
}

/** Where a registry says that its logs were left. What is wrong with it the verification says. */
function sizesLeft(path: string, key: KeyObject | undefined): readonly number[] {
  if (logsIn(path).length === 1) return [];
  try {
    const registered = readRegistry(logEntries(registryPath(path), {}, key)).values();
    return [...registered].flatMap(({ left }) => left?.size ?? []);
  } catch {
    return [];
  }
}

/** Whether a report is of what follows, and of nothing but whole entries. */
function continues({ from, log, fault }: PieceReport, start: PieceStart): boolean {
  return (
    fault === undefined &&
    (start.log === undefined || log === start.log) &&
    from.size === start.from.size &&
    from.head === start.from.head &&
    from.peaks.length === start.from.peaks.length &&
    from.peaks.every((peak, i) => peak.equals(start.from.peaks[i] ?? Buffer.alloc(0)))
  );
}

function saysAll(
  { from, to, points }: PieceReport,
  { sizes }: { readonly sizes: ReadonlySet<number> },
): boolean {
  const said = new Set(points.map(({ size }) => size));
  return [...sizes].every((size) => size <= from.size || size > to.size || said.has(size));
}

function nameOf({ path, segment }: Piece): string {
  return segment?.path ?? path;
}

function sizeOf(piece: Piece): number {
  return statSync(nameOf(piece)).size;
}
