import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';

import { type AuditEntry, GuardError } from '@guardstile/core';

import type { ChainCheck, ChainPoint } from './chain-check.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { macKey } from './hashing.ts';
import { type LogFault, readLog } from './read-log.ts';
import { followAttempts } from './follow-attempts.ts';
import { listSegments } from './segments.ts';
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
  const key = options.key === undefined ? undefined : macKey(options.key);
  return verifyAgainst(path, { key, checkpoints: openedCheckpoints(options), progress });
}

/** What a log is held against, read and checked. */
export interface Against {
  readonly key: KeyObject | undefined;
  readonly checkpoints: readonly Checkpoint[];
  /** Where the log stood when its writer closed it, as somebody else says. */
  readonly left?: Pick<ChainPoint, 'size' | 'head'> | undefined;
  readonly progress: (entries: number) => void;
}

export function verifyAgainst(path: string, against: Against): VerifyReport {
  const { key, left, progress } = against;
  const { chain, start, steps } = readLog(path, key);
  const found = tally();
  const checkpoints = heldAgainst(against.checkpoints, start.size);
  let fault: LogFault | undefined;
  for (const step of steps) {
    if ('fault' in step) fault = step.fault;
    else {
      found.count(step.entry);
      fault = checkpoints.compare(chain, step.entry) ?? departed(chain, left);
    }
    if (fault !== undefined) break;
    if (chain.size % PROGRESS === 0) progress(chain.size);
  }
  fault ??= checkpoints.missing(chain) ?? cutOff(chain, left) ?? unsaid(start, found.given);
  return {
    outcome: fault !== undefined ? 'tampered' : checkpoints.matched ? 'verified' : 'unproven',
    path,
    log: found.log,
    entries: chain.size - start.size,
    evicted: start.size,
    files: statSync(path).isFile() ? 1 : listSegments(path).length,
    head: chain.head,
    checkpoint: checkpoints.largest,
    authenticated: key !== undefined,
    unknown: [...found.open],
    clockSteps: found.clockSteps,
    fault,
  };
}

/** Entries between two reports of progress. */
const PROGRESS = 10_000;

/** What is said of a log beside whether it is whole. */
interface Tally {
  log: string | undefined;
  clockSteps: number;
  /** How many entries at the beginning the log says that it gave up. */
  given: number;
  readonly open: Set<string>;
  count(entry: AuditEntry): void;
}

function tally(): Tally {
  let last = -Infinity;
  const found: Tally = {
    log: undefined,
    clockSteps: 0,
    given: 0,
    open: new Set(),
    count(entry) {
      if (entry.kind === 'segment') found.given = Math.max(found.given, givenUp(entry));
      found.log ??= entry.log;
      if (entry.ts < last) found.clockSteps += 1;
      last = entry.ts;
      followAttempts(found.open, entry);
    },
  };
  return found;
}

export function openedCheckpoints({
  checkpoints = [],
  publicKey,
}: VerifyOptions): readonly Checkpoint[] {
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
  /** Whether the log agreed with at least one, and contradicted none. */
  readonly matched: boolean;
  readonly largest: number | undefined;
  /** What the entry that was just read contradicts. */
  compare(chain: ChainCheck, entry: AuditEntry): LogFault | undefined;
  /** What a log lacks that ends here. */
  missing(chain: ChainCheck): LogFault | undefined;
}

function heldAgainst(checkpoints: readonly Checkpoint[], start: number): HeldAgainst {
  const largest = checkpoints.at(-1)?.size;
  // What was given up cannot be compared any more.
  const left = checkpoints.filter(({ size }) => size > start);
  let matched = false;
  return {
    get matched() {
      return matched;
    },
    largest,
    compare(chain, { log, seq }) {
      while (left[0]?.size === chain.size) {
        const { origin, root, size } = left[0];
        if (origin !== log) return atEntry(seq, `the checkpoint is of another log, ${origin}`);
        if (!root.equals(chain.tree.root())) {
          return atEntry(seq, `the first ${size} entries are not those that were signed`);
        }
        matched = true;
        left.shift();
      }
      return undefined;
    },
    missing(chain) {
      const next = left.at(-1);
      if (next === undefined) return undefined;
      return atEntry(chain.size, `entries ${chain.size} to ${next.size - 1} are missing`);
    },
  };
}

function givenUp({ action, payload }: AuditEntry): number {
  if (action !== 'segments.evicted') return 0;
  const { entries } = (payload ?? {}) as { readonly entries?: { readonly to?: unknown } };
  return typeof entries?.to === 'number' ? entries.to + 1 : 0;
}

/** Whoever gives something up says so first; whoever takes it away does not. */
function unsaid({ size }: ChainPoint, given: number): LogFault | undefined {
  if (size <= given) return undefined;
  return atEntry(0, `the first ${size} entries are gone, and the log does not say so`);
}

type Left = Against['left'];

function departed({ size, head }: ChainCheck, left: Left): LogFault | undefined {
  if (size !== left?.size || head === left.head) return undefined;
  return atEntry(size - 1, 'the registry says that another entry was the last one here');
}

function cutOff({ size }: ChainCheck, left: Left): LogFault | undefined {
  if (left === undefined || size >= left.size) return undefined;
  return atEntry(size, `entries ${size} to ${left.size - 1} are missing: the registry knows them`);
}

function atEntry(seq: number, reason: string): LogFault {
  return { file: undefined, offset: undefined, seq, reason };
}
