import type { KeyObject } from 'node:crypto';

import { GuardError } from '@guardstile/core';

import type { ChainPoint } from './chain-check.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { macKey } from './hashing.ts';
import { type LogFault, piecesOf } from './read-log.ts';
import { type PieceReport, readPiece, type RootPoint } from './read-piece.ts';
import { parseVerifier } from './signed-note.ts';

/** What a log is held against. */
export interface VerifyOptions {
  /** Key of the HMAC: shows that entries were written by its holder. */
  readonly key?: string | Uint8Array;
  /** Public key of checkpoints, as `createAuditKeys()` gives it. */
  readonly publicKey?: string;
  /** Signed checkpoints from where they are anchored. */
  readonly checkpoints?: readonly string[];
}

/** What the verification of a log found. */
export interface VerifyReport {
  /**
   * `verified`: whole up to a checkpoint that was kept elsewhere. `unproven`: consistent, and entries
   * at the end may be missing. `tampered`: not as it was written.
   */
  readonly outcome: 'verified' | 'unproven' | 'tampered';
  readonly path: string;
  readonly log: string | undefined;
  readonly entries: number;
  /** Entries at the beginning that were given up. */
  readonly evicted: number;
  readonly files: number;
  /** Hash of the last entry, hexadecimal. */
  readonly head: string;
  /** How many entries the largest checkpoint that was passed holds. */
  readonly checkpoint: number | undefined;
  /** Whether the MAC of every entry was checked. */
  readonly authenticated: boolean;
  /** Attempts that were allowed and have no outcome. */
  readonly unknown: readonly string[];
  /** How often the clock went backwards. */
  readonly clockSteps: number;
  /** Only for `tampered`. */
  readonly fault: LogFault | undefined;
}

/**
 * Verifies a log from its files alone: bytes as they are stored, entry by entry, in memory that does
 * not grow with it.
 *
 * @throws {GuardError} `audit_key_invalid`, `options_invalid`, or `audit_tampered` for a checkpoint that is not
 * signed by the public key.
 */
export function verifyLog(
  path: string,
  options: VerifyOptions = {},
  progress: (entries: number) => void = () => undefined,
): VerifyReport {
  return verifyAgainst(path, againstOf(options, progress));
}

/** What a log is held against, read and checked. */
export interface Against {
  readonly key: KeyObject | undefined;
  readonly checkpoints: readonly Checkpoint[];
  /** Where the log stood when its writer closed it, as somebody else says. */
  readonly left?: Pick<ChainPoint, 'size' | 'head'> | undefined;
  /** Told how many entries were read since the last time. */
  readonly progress: (entries: number) => void;
  /** Reads a piece, or has it read already. */
  readonly read: typeof readPiece;
  /** All sizes at which anything may be compared. */
  readonly sizes: ReadonlySet<number>;
}

export function verifyAgainst(path: string, against: Against): VerifyReport {
  const { key, left, progress, checkpoints, read, sizes: wanted } = against;
  const { start, pieces } = piecesOf(path, key);
  const sizes = left === undefined ? wanted : new Set([...wanted, left.size]);
  const found = whole(start);
  for (const piece of pieces) {
    found.add(read(piece, { from: found.to, log: found.log }, { key, sizes, progress }));
    if (found.fault !== undefined) break;
  }
  const compared = heldAgainst(checkpoints, start.size, found);
  const fault =
    firstOf(compared.contradicted, departed(found, left)) ??
    found.fault ??
    compared.missing ??
    cutOff(found.to, left) ??
    unsaid(start, found.given);
  return {
    outcome: fault !== undefined ? 'tampered' : compared.matched ? 'verified' : 'unproven',
    path,
    log: found.log,
    entries: found.to.size - start.size,
    evicted: start.size,
    files: pieces.length,
    head: found.to.head,
    checkpoint: checkpoints.at(-1)?.size,
    authenticated: key !== undefined,
    unknown: [...found.open],
    clockSteps: found.clockSteps,
    fault,
  };
}

/** All pieces of a log together, as far as they were read. */
interface Whole {
  log: string | undefined;
  to: ChainPoint;
  clockSteps: number;
  given: number;
  readonly open: Set<string>;
  readonly points: RootPoint[];
  fault: LogFault | undefined;
  add(report: PieceReport): void;
}

function whole(start: ChainPoint): Whole {
  let last = -Infinity;
  const found: Whole = {
    log: undefined,
    to: start,
    clockSteps: 0,
    given: 0,
    open: new Set(),
    points: [],
    fault: undefined,
    add({ log, to, points, fault, tally }) {
      found.log ??= log;
      found.to = to;
      found.points.push(...points);
      found.fault = fault;
      found.given = Math.max(found.given, tally.given);
      for (const attempt of tally.ended) found.open.delete(attempt);
      for (const attempt of tally.begun) found.open.add(attempt);
      found.clockSteps += tally.clockSteps;
      if (tally.span === undefined) return;
      if (tally.span[0] < last) found.clockSteps += 1;
      [, last] = tally.span;
    },
  };
  return found;
}

/** What was passed, read and checked. */
export function againstOf(options: VerifyOptions, progress: (entries: number) => void): Against {
  const key = options.key === undefined ? undefined : macKey(options.key);
  const checkpoints = openedCheckpoints(options);
  const sizes = new Set(checkpoints.map(({ size }) => size));
  let entries = 0;
  return {
    key,
    checkpoints,
    sizes,
    read: readPiece,
    progress: (more) => progress((entries += more)),
  };
}

function openedCheckpoints({ checkpoints = [], publicKey }: VerifyOptions): readonly Checkpoint[] {
  if (checkpoints.length === 0) return [];
  if (publicKey === undefined) {
    throw new GuardError(
      'options_invalid',
      'a checkpoint shows nothing without the public key that verifies its signature; pass both',
    );
  }
  const verifier = parseVerifier(publicKey);
  return checkpoints
    .map((note) => openCheckpoint(note, verifier))
    .toSorted((a, b) => a.size - b.size);
}

/** Checkpoints that a log has to agree with. */
interface HeldAgainst {
  /** Whether the log agreed with at least one. */
  readonly matched: boolean;
  /** What it says otherwise, where it does so first. */
  readonly contradicted: LogFault | undefined;
  /** What it lacks. */
  readonly missing: LogFault | undefined;
}

function heldAgainst(
  checkpoints: readonly Checkpoint[],
  start: number,
  { log, to, points }: Whole,
): HeldAgainst {
  // What was given up cannot be compared any more.
  const left = checkpoints.filter(({ size }) => size > start);
  const reached = left.filter(({ size }) => size <= to.size);
  const [contradicted] = reached.flatMap(({ origin, root, size }) => {
    if (origin !== log) return atEntry(size - 1, `the checkpoint is of another log, ${origin}`);
    const same = points.find((point) => point.size === size)?.root === root.toString('hex');
    if (same) return [];
    return atEntry(size - 1, `the first ${size} entries are not those that were signed`);
  });
  const beyond = left.length > reached.length ? left.at(-1) : undefined;
  return {
    matched: reached.length > 0,
    contradicted,
    missing: beyond && atEntry(to.size, `entries ${to.size} to ${beyond.size - 1} are missing`),
  };
}

/** Whoever gives something up says so first; whoever takes it away does not. */
function unsaid({ size }: ChainPoint, given: number): LogFault | undefined {
  if (size <= given) return undefined;
  return atEntry(0, `the first ${size} entries are gone, and the log does not say so`);
}

type Left = Against['left'];

function departed({ points }: Whole, left: Left): LogFault | undefined {
  const point = points.find(({ size }) => size === left?.size);
  if (point === undefined || point.head === left?.head) return undefined;
  return atEntry(point.size - 1, 'the registry says that another entry was the last one here');
}

/** What comes first in the log; the checkpoint of two at one entry. */
function firstOf(a: LogFault | undefined, b: LogFault | undefined): LogFault | undefined {
  return a === undefined || (b !== undefined && b.seq < a.seq) ? b : a;
}

function cutOff({ size }: ChainPoint, left: Left): LogFault | undefined {
  if (left === undefined || size >= left.size) return undefined;
  return atEntry(size, `entries ${size} to ${left.size - 1} are missing: the registry knows them`);
}

function atEntry(seq: number, reason: string): LogFault {
  return { file: undefined, offset: undefined, seq, reason };
}
